/**
 * What the fixed script (`traffic/script.mjs`) makes the application do, exactly. The counts stand here as numbers; tokens and dollars
 * follow from them by the providers' table of usage and the price list.
 */
import { readFileSync } from 'node:fs';
import { USAGE } from './providers/openai/usage.mjs';

/** @type {{ models: Record<string, { input?: number, output?: number, cache_read?: number, image?: number }> }} US dollars a million tokens, or an image. */
const PRICES = JSON.parse(readFileSync(new URL('./prices.json', import.meta.url), 'utf8'));

/**
 * The requests that the application answers. `GET /health` is not among them: how often it is asked is up to who starts the application.
 *
 * @type {{ request: string, status: number, count: number }[]}
 */
export const REQUESTS = [
  { request: 'POST /api/signup', status: 201, count: 3 },
  { request: 'POST /api/signup', status: 409, count: 1 },
  { request: 'POST /api/login', status: 200, count: 2 },
  { request: 'POST /api/login', status: 401, count: 1 },
  { request: 'GET /api/account', status: 200, count: 4 },
  { request: 'POST /api/cv/upload', status: 202, count: 4 },
  { request: 'POST /api/cv/upload', status: 400, count: 1 },
  { request: 'GET /api/cv/:id', status: 200, count: 4 },
  { request: 'GET /api/cv/:id/pdf', status: 500, count: 1 },
  // One of the six is left by its client in the middle of the stream.
  { request: 'POST /api/match/:id', status: 200, count: 6 },
  { request: 'POST /api/match/:id', status: 401, count: 1 },
  { request: 'POST /api/match/:id', status: 404, count: 1 },
  { request: 'POST /api/match/:id', status: 409, count: 1 },
  { request: 'POST /api/match/:id', status: 503, count: 1 },
  { request: 'POST /api/tailor/:id', status: 200, count: 4 },
  { request: 'POST /api/tailor/:id', status: 502, count: 1 },
  { request: 'POST /api/search', status: 200, count: 3 },
  { request: 'POST /api/images', status: 202, count: 3 },
  { request: 'GET /api/images/:id', status: 200, count: 3 },
  { request: 'POST /api/checkout', status: 201, count: 3 },
  { request: 'POST /api/checkout', status: 400, count: 1 },
  // No route of the application has this path.
  { request: 'GET /no/such/page', status: 404, count: 1 },
  // These come from the payment provider.
  { request: 'POST /webhooks/stripe', status: 200, count: 20 },
  { request: 'POST /webhooks/stripe', status: 400, count: 1 },
  { request: 'POST /webhooks/stripe', status: 500, count: 1 },
];

export const SIGN_UPS = { password: 2, google: 1 };
/** Those that succeed; a third, with a wrong password, is refused. */
export const LOG_INS = { password: 1, google: 1 };

/**
 * The jobs. `attempts` is how often a handler runs; the attempts that fail before the last one are `retries`.
 *
 * @type {{ queue: string, name: string, enqueued: number, attempts: number, completed: number, retries: number, failed: number, error: string }[]}
 */
export const JOBS = [
  { queue: 'cv-queue', name: 'parse', enqueued: 4, attempts: 6, completed: 3, retries: 2, failed: 1, error: 'UnreadableCvError' },
  { queue: 'image-generation', name: 'image', enqueued: 3, attempts: 3, completed: 2, retries: 0, failed: 1, error: 'BadRequestError' },
];

/**
 * The calls as the application makes them; the SDK's retries are in `httpRequests`. `model` is what was asked for, `served` what
 * answered.
 *
 * @typedef {object} Calls
 * @property {string} feature
 * @property {'chat.completions' | 'responses' | 'embeddings' | 'images'} api
 * @property {string} model
 * @property {string | undefined} served
 * @property {boolean} streamed
 * @property {'ok' | 'error' | 'aborted'} outcome
 * @property {string} [error] The class of the SDK's error.
 * @property {number} count
 * @property {number} httpRequests
 * @property {{ input: number, cached: number, output: number, reasoning: number } | undefined} usage Reported by each call, if it reports any.
 * @property {boolean} priced
 */

const NO_DETAILS = { cached: 0, output: 0, reasoning: 0 };
const GPT5 = { model: 'gpt-5', served: 'gpt-5-2025-08-07', priced: true };
const CHAT = /** @type {const} */ ('chat.completions');
/** The query and the four open positions. */
const TEXTS_OF_A_SEARCH = 5;

/** @type {Calls[]} */
export const CALLS = [
  // Three CVs, and three attempts at the fourth, which the model answers, although not with what was asked for.
  { feature: 'cv_parse', api: CHAT, ...GPT5, streamed: false, outcome: 'ok', count: 6, httpRequests: 6, usage: USAGE.parse },
  { feature: 'job_match', api: CHAT, ...GPT5, streamed: true, outcome: 'ok', count: 4, httpRequests: 4, usage: USAGE.match },
  { feature: 'job_match', api: CHAT, ...GPT5, streamed: true, outcome: 'aborted', count: 1, httpRequests: 1, usage: undefined },
  {
    feature: 'job_match',
    api: CHAT,
    model: 'aurora-preview',
    served: 'aurora-preview',
    streamed: true,
    outcome: 'ok',
    count: 1,
    httpRequests: 1,
    usage: USAGE.match,
    priced: false,
  },
  {
    feature: 'job_match',
    api: CHAT,
    model: 'gpt-5-pro',
    served: undefined,
    streamed: true,
    outcome: 'error',
    error: 'RateLimitError',
    count: 1,
    httpRequests: 3,
    usage: undefined,
    priced: true,
  },
  // One of the three is answered at the SDK's second attempt.
  { feature: 'cv_tailor', api: 'responses', ...GPT5, streamed: false, outcome: 'ok', count: 3, httpRequests: 4, usage: USAGE.tailor },
  { feature: 'cv_tailor', api: 'responses', ...GPT5, streamed: true, outcome: 'ok', count: 1, httpRequests: 1, usage: USAGE.tailor },
  {
    feature: 'cv_tailor',
    api: 'responses',
    ...GPT5,
    served: undefined,
    streamed: false,
    outcome: 'error',
    error: 'InternalServerError',
    count: 1,
    httpRequests: 3,
    usage: undefined,
  },
  {
    feature: 'search',
    api: 'embeddings',
    model: 'text-embedding-3-small',
    served: 'text-embedding-3-small',
    streamed: false,
    outcome: 'ok',
    count: 3,
    httpRequests: 3,
    usage: { ...NO_DETAILS, input: TEXTS_OF_A_SEARCH * USAGE.embedding.input },
    priced: true,
  },
  {
    feature: 'image_generation',
    api: 'images',
    model: 'gpt-image-1',
    served: undefined,
    streamed: false,
    outcome: 'ok',
    count: 2,
    httpRequests: 2,
    usage: { ...NO_DETAILS, ...USAGE.image },
    priced: true,
  },
  {
    feature: 'image_generation',
    api: 'images',
    model: 'gpt-image-1',
    served: undefined,
    streamed: false,
    outcome: 'error',
    error: 'BadRequestError',
    count: 1,
    httpRequests: 1,
    usage: undefined,
    priced: true,
  },
];

/**
 * What the calls cost, in US dollars; `image` alone where a model is priced by the image.
 *
 * @param {Calls} calls
 * @returns {{ input: number, cache_read: number, output: number, image: number }}
 */
export function costOf({ model, priced, usage, count }) {
  const price = priced && usage ? PRICES.models[model] : undefined;
  if (!price || !usage) return { input: 0, cache_read: 0, output: 0, image: 0 };
  const million = count / 1_000_000;
  return {
    input: (usage.input - usage.cached) * (price.input ?? 0) * million,
    cache_read: usage.cached * (price.cache_read ?? 0) * million,
    output: usage.output * (price.output ?? 0) * million,
    image: count * (price.image ?? 0),
  };
}

/**
 * The deliveries of the payment provider, in all, by type and answered status.
 *
 * @type {{ type: string, status: number, count: number }[]}
 */
export const DELIVERIES = [
  { type: 'charge.succeeded', status: 200, count: 3 },
  { type: 'payment_intent.succeeded', status: 200, count: 3 },
  { type: 'checkout.session.completed', status: 200, count: 2 },
  // Forged: the signature is wrong.
  { type: 'checkout.session.completed', status: 400, count: 1 },
  // The first invoice, the renewal, and the renewal once more.
  { type: 'invoice.paid', status: 200, count: 3 },
  // The first invoice before its checkout; the same event is accepted later.
  { type: 'invoice.paid', status: 500, count: 1 },
  { type: 'customer.subscription.created', status: 200, count: 1 },
  { type: 'customer.subscription.updated', status: 200, count: 1 },
  { type: 'customer.subscription.deleted', status: 200, count: 1 },
  { type: 'charge.failed', status: 200, count: 1 },
  { type: 'payment_intent.payment_failed', status: 200, count: 1 },
  { type: 'refund.created', status: 200, count: 1 },
  { type: 'charge.refunded', status: 200, count: 1 },
  { type: 'charge.dispute.created', status: 200, count: 1 },
  { type: 'charge.dispute.funds_withdrawn', status: 200, count: 1 },
];

/** Events that were accepted before and came again. */
export const DUPLICATES = 1;

/**
 * The payments behind the deliveries, in major units of the currency: each once, however many events it fired.
 *
 * @type {{ plan: string, kind: 'purchase' | 'renewal' | 'refund' | 'dispute', currency: string, amount: number, method: string }[]}
 */
export const PAYMENTS = [
  { plan: 'premium', kind: 'purchase', currency: 'usd', amount: 29, method: 'card' },
  { plan: 'premium', kind: 'renewal', currency: 'usd', amount: 29, method: 'card' },
  { plan: 'starter', kind: 'purchase', currency: 'jpy', amount: 1500, method: 'card' },
  { plan: 'starter', kind: 'refund', currency: 'jpy', amount: 1500, method: 'card' },
  { plan: 'premium', kind: 'dispute', currency: 'usd', amount: 29, method: 'card' },
];

/** One customer's card was declined, once. */
export const FAILED_PAYMENTS = [{ plan: 'starter', method: 'card', code: 'card_declined', declineCode: 'insufficient_funds', count: 1 }];

/** Changes of subscriptions: each once. */
export const SUBSCRIPTIONS = [
  { plan: 'premium', change: 'created' },
  { plan: 'premium', change: 'renewed' },
  { plan: 'premium', change: 'deleted' },
];
