import { perform } from './acts.mjs';
import { Client } from './client.mjs';
import { live } from './lives.mjs';
import { SCRIPT } from './script.mjs';

/** @typedef {{ app: string, providers: string }} Addresses Without a slash at the end. */

/**
 * Plays the fixed script, one act after the other.
 *
 * @param {Addresses} addresses
 * @returns {Promise<import('./client.mjs').Answered[]>} All requests that the application answered.
 * @throws {Error} when an act ends otherwise than the script says.
 */
export async function playScript(addresses) {
  await registerWebhook(addresses);
  const client = new Client(addresses);
  for (const { act, status, state, ...options } of SCRIPT) {
    const outcome = await perform(client, act, options);
    if (outcome.status !== status || outcome.state !== state) {
      throw new Error(`${act} ${JSON.stringify(options)}: expected ${status} ${state ?? ''}, got ${outcome.status} ${outcome.state ?? ''}`);
    }
  }
  return client.answered;
}

/**
 * Plays users for a time.
 *
 * @param {Addresses & { seconds: number, users: number, seed: number }} options
 * @returns {Promise<import('./client.mjs').Answered[]>}
 */
export async function playUsers({ seconds, users, seed, ...addresses }) {
  await registerWebhook(addresses);
  const client = new Client(addresses);
  const until = Date.now() + seconds * 1000;
  await Promise.all(Array.from({ length: users }, (_, index) => live(client, { until, name: `user${seed + index}`, seed: seed + index })));
  return client.answered;
}

/**
 * Tells the payment provider where the application listens for events, as the merchant once does by hand.
 *
 * @param {Addresses} addresses
 */
async function registerWebhook({ app, providers }) {
  const body = new URLSearchParams({ url: `${app}/webhooks/stripe` });
  const response = await fetch(`${providers}/v1/webhook_endpoints`, { method: 'POST', body });
  if (!response.ok) throw new Error(`the providers at ${providers} answered ${response.status}`);
}

/**
 * How often each route answered with each status.
 *
 * @param {import('./client.mjs').Answered[]} answered
 * @returns {Record<string, number>} By `POST /api/match/:id 200`.
 */
export function countRequests(answered) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const { request, status } of answered) counts[`${request} ${status}`] = (counts[`${request} ${status}`] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([one], [other]) => one.localeCompare(other)));
}
