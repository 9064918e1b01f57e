import { RequestError, requireText } from '../errors.js';
import { awaitJob } from '../jobs.js';

/** The longest that a request may wait for its job, in seconds. */
export const LONGEST_WAIT = 30;

/** @typedef {{ id: string, owner: string, text: string, job: string }} Cv */

/**
 * Uploading a CV, which a job then reads, and what has become of it.
 *
 * @param {import('express').Express} app
 * @param {import('../app.js').Services} services
 */
export function cvRoutes(app, { accounts, jobs, cvs }) {
  app.post('/api/cv/upload', async (request, response) => {
    const account = accounts.signedIn(request);
    const text = requireText(request.body, 'text');
    const job = await jobs.parse.enqueue({ text });
    const cv = { id: `cv-${cvs.size + 1}`, owner: account.id, text, job };
    cvs.set(cv.id, cv);
    response.status(202).json({ id: cv.id, state: 'pending' });
  });

  /** `?wait=` says how many seconds to wait for the end of the job. */
  app.get('/api/cv/:id', async (request, response) => {
    const account = accounts.signedIn(request);
    const cv = ownCv(cvs, request.params.id, account.id);
    const job = await awaitJob(jobs.parse, cv.job, readWait(request));
    response.json({ id: cv.id, state: job.state, ...(job.result && { profile: job.result.profile }) });
  });

  app.get('/api/cv/:id/pdf', (request, response) => {
    const account = accounts.signedIn(request);
    const cv = ownCv(cvs, request.params.id, account.id);
    response.type('pdf').send(renderPdf(cv));
  });
}

/**
 * @param {Map<string, Cv>} cvs
 * @param {string} id
 * @param {string} owner
 * @returns {Cv}
 * @throws {RequestError} 404 when the owner has no such CV.
 */
export function ownCv(cvs, id, owner) {
  const cv = cvs.get(id);
  if (!cv || cv.owner !== owner) throw new RequestError(404, 'no such CV');
  return cv;
}

/**
 * The seconds of `?wait=`, at most LONGEST_WAIT.
 *
 * @param {import('express').Request} request
 */
export function readWait(request) {
  return Math.min(Number(request.query.wait) || 0, LONGEST_WAIT);
}

/**
 * @param {Cv} cv
 * @returns {Buffer}
 */
function renderPdf(cv) {
  throw new Error(`no layout for ${cv.id}`);
}
