import { createHmac } from 'node:crypto';
import { pause } from '../http.mjs';
import { now } from './objects.mjs';

/**
 * @typedef {{ id: string, type: string, status: number }} Delivery One HTTP request; status 0: no answer.
 * @typedef {import('./purchases.mjs').Happening} Happening
 */

/** Before each further attempt, in milliseconds at pace 1. */
const RETRIES = [250, 500, 1000];

const API_VERSION = '2026-10-28.endive';

/** Sends events to the merchant's webhook, signed. */
export class Deliveries {
  /** Where the events go. */
  url = '';
  /** @type {Delivery[]} */
  log = [];
  /** @type {Map<string, object>} The last event of each session and type. */
  #sent = new Map();
  #count = 0;
  #secret;
  #pace;

  /** @param {{ secret: string, pace: number }} options */
  constructor({ secret, pace }) {
    this.#secret = secret;
    this.#pace = pace;
  }

  /**
   * Sends one event after the other; what is not accepted comes again after the others.
   *
   * @param {string} session
   * @param {Happening[]} happenings
   * @returns {Promise<Delivery[]>}
   */
  async send(session, happenings) {
    let waiting = happenings.map((happening) => this.#eventOf(happening));
    const deliveries = [];
    for (const event of waiting) this.#sent.set(`${session} ${event.type}`, event);
    for (const delay of [0, ...RETRIES]) {
      if (waiting.length === 0) break;
      await pause(delay * this.#pace);
      const refused = [];
      for (const event of waiting) {
        const delivery = await this.#post(event, this.#secret);
        deliveries.push(delivery);
        if (delivery.status < 200 || delivery.status > 299) refused.push(event);
      }
      waiting = refused;
    }
    return deliveries;
  }

  /**
   * Sends the same event once more.
   *
   * @param {string} session
   * @param {string} type
   */
  async repeat(session, type) {
    const event = this.#sent.get(`${session} ${type}`);
    return event ? [await this.#post(event, this.#secret)] : [];
  }

  /**
   * Sends an event that somebody made up who does not know the secret.
   *
   * @param {Happening} happening
   */
  async forge(happening) {
    return [await this.#post(this.#eventOf(happening), 'whsec_guessed')];
  }

  /** @param {Happening} happening */
  #eventOf({ type, object, previous }) {
    this.#count += 1;
    return {
      id: `evt_tailorjob${String(this.#count).padStart(6, '0')}`,
      object: 'event',
      api_version: API_VERSION,
      created: now(),
      data: { object: structuredClone(object), ...(previous && { previous_attributes: previous }) },
      livemode: true,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      type,
    };
  }

  /**
   * @param {any} event
   * @param {string} key
   * @returns {Promise<Delivery>}
   */
  async #post(event, key) {
    const payload = JSON.stringify(event);
    const timestamp = now();
    const signature = createHmac('sha256', key).update(`${timestamp}.${payload}`).digest('hex');
    const headers = { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': `t=${timestamp},v1=${signature}`, 'user-agent': 'Stripe/1.0' };
    const status = await fetch(this.url, { method: 'POST', headers, body: payload }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => 0,
    );
    const delivery = { id: event.id, type: event.type, status };
    this.log.push(delivery);
    return delivery;
  }
}
