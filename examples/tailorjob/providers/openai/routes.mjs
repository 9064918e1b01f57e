import { readBody, sendJson } from '../http.mjs';
import { chatChunks, chatCompletion } from './chat.mjs';
import { embeddings } from './embeddings.mjs';
import { imageGeneration } from './images.mjs';
import { responseEvents, responseObject } from './responses.mjs';
import { sendEvents } from './stream.mjs';
import { MARKERS, RATE_LIMITED_MODELS, REVOKED_KEY } from './usage.mjs';

/**
 * @typedef {{ path: string, model: string, status: number, outcome: 'answered' | 'refused' | 'left' }} AiRequest One HTTP request, so a retry of
 *   the SDK is one more; `left`: the client went before the end.
 * @typedef {(body: any, context: { id: number, pace: number }) => Answer} Operation
 * @typedef {{ json: object } | { events: Iterable<{ event?: string, data: object }>, end?: string }} Answer
 */

/** @type {Record<string, { delay: number, run: Operation }>} Delays in milliseconds, at pace 1. */
const OPERATIONS = {
  '/v1/chat/completions': {
    delay: 120,
    run: (body, { id }) => (body.stream ? { events: chatChunks(body, id), end: '[DONE]' } : { json: chatCompletion(body, id) }),
  },
  '/v1/responses': { delay: 180, run: (body, { id }) => (body.stream ? { events: responseEvents(body, id) } : { json: responseObject(body, id) }) },
  '/v1/embeddings': { delay: 30, run: (body) => ({ json: embeddings(body) }) },
  '/v1/images/generations': { delay: 400, run: () => ({ json: imageGeneration() }) },
};

/**
 * OpenAI's API, as far as the application uses it.
 *
 * @param {{ pace: number }} options The pace stretches all delays; 0 answers at once.
 */
export function createOpenAi({ pace }) {
  /** @type {AiRequest[]} */
  const log = [];
  let count = 0;

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   * @param {string} path
   * @returns {Promise<boolean>} Whether the path is one of this API.
   */
  async function handle(request, response, path) {
    const operation = request.method === 'POST' ? OPERATIONS[path] : undefined;
    if (!operation) return false;
    const text = await readBody(request);
    const body = JSON.parse(text);
    const id = ++count;
    /** @type {AiRequest} */
    const entry = { path, model: String(body.model), status: 200, outcome: 'answered' };
    log.push(entry);
    response.setHeader('x-request-id', `req_${id}`);
    const refusal = refuse(request, body, text);
    if (refusal) {
      Object.assign(entry, { status: refusal.status, outcome: 'refused' });
      sendJson(response, refusal.status, { error: refusal.error }, refusal.headers);
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, operation.delay * pace));
    const answer = operation.run(body, { id, pace });
    if ('json' in answer) sendJson(response, 200, answer.json);
    else if (!(await sendEvents(response, answer, { pace, endless: text.includes(MARKERS.endless) }))) entry.outcome = 'left';
    return true;
  }

  return { handle, log };
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {any} body
 * @param {string} text
 * @returns {{ status: number, error: object, headers?: Record<string, string> } | undefined}
 */
function refuse(request, body, text) {
  if (request.headers.authorization === `Bearer ${REVOKED_KEY}` || !request.headers.authorization) {
    return { status: 401, error: apiError('Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key') };
  }
  if (RATE_LIMITED_MODELS.includes(body.model)) {
    const error = apiError(`Rate limit reached for ${body.model}.`, 'requests', 'rate_limit_exceeded');
    return { status: 429, error, headers: { 'retry-after': '1', 'retry-after-ms': '20', 'x-ratelimit-remaining-requests': '0' } };
  }
  const firstAttempt = (request.headers['x-stainless-retry-count'] ?? '0') === '0';
  if (text.includes(MARKERS.outage) || (text.includes(MARKERS.flaky) && firstAttempt)) {
    return { status: 500, error: apiError('The server had an error.', 'server_error', null), headers: { 'retry-after-ms': '20' } };
  }
  if (text.includes(MARKERS.forbidden)) {
    return { status: 400, error: apiError('Your request was rejected by the safety system.', 'image_generation_user_error', 'moderation_blocked') };
  }
  return undefined;
}

/**
 * @param {string} message
 * @param {string} type
 * @param {string | null} code
 */
function apiError(message, type, code) {
  return { message, type, param: null, code };
}
