import { readBody, sendJson } from '../http.mjs';
import { Deliveries } from './deliveries.mjs';
import { parseForm } from './form.mjs';
import { Purchases } from './purchases.mjs';

/** @typedef {import('./purchases.mjs').Purchase} Purchase */

const MISSING = { error: { type: 'invalid_request_error', code: 'resource_missing', message: 'No such resource' } };

/**
 * Stripe's API as far as the application uses it, the page on which a customer pays, and under `/simulate/` what else happens in the
 * life of a payment.
 *
 * @param {{ base: () => string, secret: string, pace: number }} options `base` is the server's own address.
 */
export function createStripe({ base, secret, pace }) {
  const purchases = new Purchases((session) => `${base()}/checkout/${session}/pay`);
  const deliveries = new Deliveries({ secret, pace });

  /**
   * @param {string} path
   * @param {string} text
   * @returns {Promise<object | undefined>} What is answered; undefined: no such thing.
   */
  async function answer(path, text) {
    const [, area = '', name = '', detail = ''] = path.split('/');
    if (area === 'v1') return answerApi({ purchases, deliveries }, { name, detail, text });
    const body = JSON.parse(text || '{}');
    const purchase = purchases.find(area === 'checkout' ? name : body.session);
    if (!purchase) return undefined;
    const sent = await (area === 'checkout' ? pay({ purchases, deliveries }, purchase, body) : simulate({ purchases, deliveries }, purchase, name, body));
    return sent && { deliveries: sent };
  }

  return {
    deliveries,
    /**
     * @param {import('node:http').IncomingMessage} request
     * @param {import('node:http').ServerResponse} response
     * @param {string} path
     */
    async handle(request, response, path) {
      const found = await answer(path, await readBody(request));
      sendJson(response, found ? 200 : 404, found ?? MISSING, { 'request-id': 'req_tailorjob' });
    },
  };
}

/** @typedef {{ purchases: Purchases, deliveries: Deliveries }} Merchant */

/**
 * @param {Merchant} merchant
 * @param {{ name: string, detail: string, text: string }} call
 */
function answerApi({ purchases, deliveries }, { name, detail, text }) {
  if (name === 'checkout' && detail === 'sessions') return purchases.open(parseForm(text));
  if (name === 'charges') return purchases.findCharge(detail);
  if (name !== 'webhook_endpoints') return undefined;
  deliveries.url = String(parseForm(text).url);
  return { id: 'we_tailorjob', object: 'webhook_endpoint', url: deliveries.url, status: 'enabled' };
}

/**
 * The customer pays: `{ card: 'declined' }` for a card without funds, `{ first: type }` for the event that overtakes the others.
 *
 * @param {Merchant} merchant
 * @param {Purchase} purchase
 * @param {any} body
 */
function pay({ purchases, deliveries }, purchase, { card, first }) {
  const happenings = card === 'declined' ? purchases.decline(purchase) : purchases.pay(purchase);
  const order = [...happenings.filter(({ type }) => type === first), ...happenings.filter(({ type }) => type !== first)];
  return deliveries.send(purchase.session.id, order);
}

/**
 * What else happens: a renewal, refund, dispute or cancellation; an event that comes again (`{ type }`), or that nobody sent.
 *
 * @param {Merchant} merchant
 * @param {Purchase} purchase
 * @param {string} what
 * @param {any} body
 */
function simulate({ purchases, deliveries }, purchase, what, { type }) {
  const { id } = purchase.session;
  switch (what) {
    case 'renewal':
      return deliveries.send(id, purchases.renew(purchase));
    case 'refund':
      return deliveries.send(id, purchases.refund(purchase));
    case 'dispute':
      return deliveries.send(id, purchases.dispute(purchase));
    case 'cancellation':
      return deliveries.send(id, purchases.cancel(purchase));
    case 'repetition':
      return deliveries.repeat(id, type);
    case 'forgery':
      return deliveries.forge({ type: 'checkout.session.completed', object: { ...purchase.session, amount_total: 1_000_000 } });
    default:
      return undefined;
  }
}
