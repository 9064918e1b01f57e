import { RequestError, requireText } from '../errors.js';
import { awaitJob } from '../jobs.js';
import { readWait } from './cvs.js';

/**
 * Portraits for a CV, drawn by a job.
 *
 * @param {import('express').Express} app
 * @param {import('../app.js').Services} services
 */
export function imageRoutes(app, { accounts, jobs }) {
  /** @type {Map<string, { owner: string, job: string }>} */
  const images = new Map();

  app.post('/api/images', async (request, response) => {
    const account = accounts.signedIn(request);
    const job = await jobs.image.enqueue({ prompt: requireText(request.body, 'prompt') });
    const id = `image-${images.size + 1}`;
    images.set(id, { owner: account.id, job });
    response.status(202).json({ id, state: 'pending' });
  });

  /** `?wait=` says how many seconds to wait for the end of the job. */
  app.get('/api/images/:id', async (request, response) => {
    const account = accounts.signedIn(request);
    const image = images.get(request.params.id);
    if (image?.owner !== account.id) throw new RequestError(404, 'no such image');
    const job = await awaitJob(jobs.image, image.job, readWait(request));
    response.json({ id: request.params.id, state: job.state, ...(job.result && { png: job.result.png }) });
  });
}
