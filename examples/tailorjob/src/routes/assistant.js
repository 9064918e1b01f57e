import { MODELS } from '../assistant.js';
import { RequestError, requireText } from '../errors.js';
import { POSTINGS } from '../postings.js';
import { ownCv } from './cvs.js';

/**
 * Matching and tailoring a CV, and searching the open positions.
 *
 * @param {import('express').Express} app
 * @param {import('../app.js').Services} services
 */
export function assistantRoutes(app, { accounts, assistant, jobs, cvs }) {
  /** @param {import('express').Request<{ id: string }>} request */
  async function readProfile(request) {
    const account = accounts.signedIn(request);
    const cv = ownCv(cvs, request.params.id, account.id);
    const job = await jobs.parse.find(cv.job);
    if (job.state !== 'done') throw new RequestError(409, `the CV is ${job.state}`);
    return job.result.profile;
  }

  app.post('/api/match/:id', async (request, response) => {
    const profile = await readProfile(request);
    const posting = requireText(request.body, 'posting');
    const words = await assistant.match(profile, posting, { quality: readQuality(request.body), signal: whileConnected(response) });
    await answer(request, response, words);
  });

  app.post('/api/tailor/:id', async (request, response) => {
    const profile = await readProfile(request);
    const posting = requireText(request.body, 'posting');
    if (wantsStream(request)) await answer(request, response, await assistant.tailorStreamed(profile, posting, { signal: whileConnected(response) }));
    else response.json({ text: await assistant.tailor(profile, posting) });
  });

  app.post('/api/search', async (request, response) => {
    accounts.signedIn(request);
    const [query = [], ...vectors] = await assistant.embed([requireText(request.body, 'query'), ...POSTINGS.map(({ text }) => text)]);
    const scored = POSTINGS.map(({ id }, index) => ({ id, score: Number(product(query, vectors[index] ?? []).toFixed(4)) }));
    response.json({ postings: scored.sort((one, other) => other.score - one.score) });
  });
}

/**
 * Passes the words on as they come (`Accept: text/event-stream`), else all at once.
 *
 * @param {import('express').Request<any>} request
 * @param {import('express').Response} response
 * @param {AsyncIterable<string>} words
 */
async function answer(request, response, words) {
  if (!wantsStream(request)) {
    let text = '';
    for await (const word of words) text += word;
    response.json({ text });
    return;
  }
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  for await (const word of words) response.write(`data: ${JSON.stringify(word)}\n\n`);
  response.end('event: done\ndata: {}\n\n');
}

/** @param {import('express').Request<any>} request */
function wantsStream(request) {
  return request.accepts(['json', 'text/event-stream']) === 'text/event-stream';
}

/**
 * Aborted when the client leaves before its answer is complete.
 *
 * @param {import('express').Response} response
 */
function whileConnected(response) {
  const controller = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

/**
 * @param {any} body
 * @returns {import('../assistant.js').Quality}
 */
function readQuality(body) {
  const quality = body.quality ?? 'standard';
  if (!Object.hasOwn(MODELS, quality)) throw new RequestError(400, `quality is ${Object.keys(MODELS).join(', ')}`);
  return quality;
}

/**
 * @param {number[]} one
 * @param {number[]} other
 */
function product(one, other) {
  return one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
}
