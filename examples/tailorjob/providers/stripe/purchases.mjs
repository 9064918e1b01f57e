import { charge, checkoutSession, dispute, invoice, now, PRICES, paymentIntent, refund, subscription } from './objects.mjs';

/**
 * @typedef {object} Purchase
 * @property {import('./objects.mjs').Price} price
 * @property {ReturnType<typeof checkoutSession>} session
 * @property {import('./objects.mjs').Metadata} subscriptionMetadata
 * @property {import('./objects.mjs').Metadata} paymentMetadata
 * @property {ReturnType<typeof subscription> | undefined} subscription
 * @property {ReturnType<typeof charge>[]} charges Oldest first.
 *
 * @typedef {{ type: string, object: object, previous?: object }} Happening Becomes an event.
 */

const DECLINE = { code: 'card_declined', reason: 'insufficient_funds', message: 'Your card has insufficient funds.' };

/**
 * What customers buy, and what then happens. The happenings come in an order in which Stripe often sends them.
 */
export class Purchases {
  /** @type {Map<string, Purchase>} */
  #bySession = new Map();
  /** @type {Record<string, number>} */
  #counts = {};
  #pageOf;

  /** @param {(session: string) => string} pageOf The address at which a session is paid. */
  constructor(pageOf) {
    this.#pageOf = pageOf;
  }

  /**
   * @param {any} request The parameters of `checkout.sessions.create`.
   * @returns {Purchase['session'] | undefined} Undefined when there is no such price.
   */
  open(request) {
    const price = PRICES[request.line_items?.[0]?.price];
    if (!price) return undefined;
    const id = this.#nextId('cs_live');
    const session = checkoutSession({ id, url: this.#pageOf(id), price, request });
    const metadata = { subscriptionMetadata: request.subscription_data?.metadata ?? {}, paymentMetadata: request.payment_intent_data?.metadata ?? {} };
    this.#bySession.set(id, { price, session, ...metadata, subscription: undefined, charges: [] });
    return session;
  }

  /** @param {string} session */
  find(session) {
    return this.#bySession.get(session);
  }

  /** @param {string} id */
  findCharge(id) {
    return [...this.#bySession.values()].flatMap(({ charges }) => charges).find((each) => each.id === id);
  }

  /**
   * The customer pays with a good card.
   *
   * @param {Purchase} purchase
   * @returns {Happening[]}
   */
  pay(purchase) {
    const { price, session, subscriptionMetadata: metadata } = purchase;
    const customer = this.#nextId('cus');
    Object.assign(session, { customer, payment_status: 'paid', status: 'complete', url: null });
    const completed = { type: 'checkout.session.completed', object: session };
    if (session.mode === 'payment') {
      const { intent, happenings } = this.#collect(purchase, null);
      session.payment_intent = intent.id;
      return [...happenings, completed];
    }
    const ids = { subscription: this.#nextId('sub'), invoice: this.#nextId('in') };
    const { happenings } = this.#collect(purchase, ids.invoice);
    Object.assign(session, ids);
    purchase.subscription = subscription({ id: ids.subscription, price, customer, metadata, invoice: ids.invoice });
    const bill = invoice({ id: ids.invoice, price, customer, subscription: ids.subscription, metadata, reason: 'subscription_create' });
    const created = { type: 'customer.subscription.created', object: purchase.subscription };
    return [...happenings, completed, created, { type: 'invoice.paid', object: bill }];
  }

  /**
   * The customer tries a card without funds.
   *
   * @param {Purchase} purchase
   * @returns {Happening[]}
   */
  decline({ price, paymentMetadata: metadata }) {
    const ids = { intent: this.#nextId('pi'), charge: this.#nextId('ch') };
    const error = { type: 'card_error', code: DECLINE.code, decline_code: DECLINE.reason, message: DECLINE.message, payment_method: { type: 'card' } };
    const failed = charge({ id: ids.charge, price, customer: null, paymentIntent: ids.intent, metadata, failure: DECLINE });
    const intent = paymentIntent({ id: ids.intent, price, customer: null, charge: ids.charge, invoice: null, metadata, error });
    return [
      { type: 'charge.failed', object: failed },
      { type: 'payment_intent.payment_failed', object: intent },
    ];
  }

  /**
   * The next period of a subscription is paid.
   *
   * @param {Purchase} purchase
   * @returns {Happening[]}
   */
  renew(purchase) {
    const { price, session, subscription: current, subscriptionMetadata: metadata } = purchase;
    if (!current) return [];
    const id = this.#nextId('in');
    const { happenings } = this.#collect(purchase, id);
    const bill = invoice({ id, price, customer: String(session.customer), subscription: current.id, metadata, reason: 'subscription_cycle' });
    const previous = { latest_invoice: current.latest_invoice };
    current.latest_invoice = id;
    return [{ type: 'customer.subscription.updated', object: current, previous }, ...happenings, { type: 'invoice.paid', object: bill }];
  }

  /**
   * The latest payment goes back in full.
   *
   * @param {Purchase} purchase
   * @returns {Happening[]}
   */
  refund({ charges }) {
    const latest = charges.at(-1);
    if (!latest) return [];
    const previous = { amount_refunded: latest.amount_refunded, refunded: latest.refunded };
    Object.assign(latest, { amount_refunded: latest.amount, refunded: true });
    return [
      { type: 'refund.created', object: refund(this.#nextId('re'), latest) },
      { type: 'charge.refunded', object: latest, previous },
    ];
  }

  /**
   * The customer's bank takes the latest payment back.
   *
   * @param {Purchase} purchase
   * @returns {Happening[]}
   */
  dispute({ charges }) {
    const latest = charges.at(-1);
    if (!latest) return [];
    latest.disputed = true;
    const object = dispute(this.#nextId('dp'), latest);
    return [
      { type: 'charge.dispute.created', object },
      { type: 'charge.dispute.funds_withdrawn', object },
    ];
  }

  /**
   * @param {Purchase} purchase
   * @returns {Happening[]}
   */
  cancel({ subscription: current }) {
    if (!current) return [];
    Object.assign(current, { status: 'canceled', canceled_at: now(), ended_at: now() });
    current.cancellation_details.reason = 'cancellation_requested';
    return [{ type: 'customer.subscription.deleted', object: current }];
  }

  /**
   * A payment that goes through, of an invoice where there is one.
   *
   * @param {Purchase} purchase
   * @param {string | null} invoiceId
   * @returns {{ intent: ReturnType<typeof paymentIntent>, happenings: Happening[] }}
   */
  #collect({ price, session, paymentMetadata, charges }, invoiceId) {
    const ids = { intent: this.#nextId('pi'), charge: this.#nextId('ch') };
    const paid = charge({ id: ids.charge, price, customer: session.customer, paymentIntent: ids.intent, metadata: paymentMetadata });
    const intent = paymentIntent({ id: ids.intent, price, customer: session.customer, charge: ids.charge, invoice: invoiceId, metadata: paymentMetadata });
    charges.push(paid);
    const happenings = [
      { type: 'charge.succeeded', object: paid },
      { type: 'payment_intent.succeeded', object: intent },
    ];
    return { intent, happenings };
  }

  /** @param {string} prefix */
  #nextId(prefix) {
    const count = (this.#counts[prefix] ?? 0) + 1;
    this.#counts[prefix] = count;
    return `${prefix}_tailorjob${String(count).padStart(6, '0')}`;
  }
}
