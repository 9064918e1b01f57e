import type { Bought, ProviderEvent, WebhookSubject } from '@tallyman/testkit/conformance/webhooks';

/** Members that API versions before 2025-03-31 have, and newer ones lack. */
export type ApiGeneration = 'acacia' | 'basil';

type EventKinds = Pick<
  WebhookSubject,
  'purchase' | 'subscriptionPurchase' | 'renewal' | 'declined' | 'refunded' | 'disputed' | 'subscriptionCreated' | 'subscriptionCancelled'
>;
type Members = Readonly<Record<string, unknown>>;

let sequence = 0;
const now = (): number => Math.floor(Date.now() / 1000);

/** An event around an object, as a webhook endpoint gets it. */
export function snapshot(type: string, object: unknown, previous?: Members): ProviderEvent {
  const data = { object, ...(previous && { previous_attributes: previous }) };
  const event = { id: `evt_${++sequence}`, object: 'event', api_version: '2026-10-28.endive', created: now(), livemode: false, type, data };
  return { type, body: JSON.stringify(event) };
}

/** An event that names its object, and nothing of it. */
export function thin(type: string): ProviderEvent {
  const related = { id: `in_${++sequence}`, type: 'invoice', url: '/v1/invoices/in_1' };
  const event = { id: `evt_${++sequence}`, object: 'v2.core.event', type, created: new Date().toISOString(), livemode: false, related_object: related };
  return { type, body: JSON.stringify(event) };
}

/** The identifiers of one purchase. */
function identify({ customer = `cus_${++sequence}` }: Bought) {
  const number = ++sequence;
  return { customer, intent: `pi_${number}`, charge: `ch_${number}`, session: `cs_test_${number}`, invoice: `in_${number}`, subscription: `sub_${number}` };
}

type Ids = ReturnType<typeof identify>;

/** A card payment of one purchase: the objects that Stripe makes of it. */
class Payment {
  readonly ids: Ids;
  readonly #bought: Bought;
  readonly #api: ApiGeneration;
  readonly #invoiced: boolean;

  constructor(bought: Bought, api: ApiGeneration, isInvoiced: boolean) {
    this.ids = identify(bought);
    this.#bought = bought;
    this.#api = api;
    this.#invoiced = isInvoiced;
  }

  /** Older versions name the invoice on the payment's objects. */
  get #ofInvoice(): Members {
    return this.#api === 'acacia' ? { invoice: this.#invoiced ? this.ids.invoice : null } : {};
  }

  intent(members: Members = {}): Members {
    const { minor, currency } = this.#bought;
    return {
      id: this.ids.intent,
      object: 'payment_intent',
      amount: minor,
      amount_received: minor,
      currency,
      customer: this.ids.customer,
      latest_charge: this.ids.charge,
      metadata: {},
      payment_method_types: ['card'],
      status: 'succeeded',
      ...this.#ofInvoice,
      ...members,
    };
  }

  charge(members: Members = {}): Members {
    const { minor, currency } = this.#bought;
    return {
      id: this.ids.charge,
      object: 'charge',
      amount: minor,
      amount_captured: minor,
      amount_refunded: 0,
      captured: true,
      currency,
      customer: this.ids.customer,
      metadata: {},
      paid: true,
      payment_intent: this.ids.intent,
      payment_method_details: { card: { brand: 'visa' }, type: 'card' },
      status: 'succeeded',
      ...this.#ofInvoice,
      ...members,
    };
  }

  session(members: Members = {}): Members {
    const { minor, currency, plan } = this.#bought;
    const { session, customer, intent, invoice, subscription } = this.ids;
    const paid = this.#invoiced
      ? { mode: 'subscription', payment_intent: null, invoice, subscription }
      : { mode: 'payment', payment_intent: intent, invoice: null, subscription: null };
    return {
      id: session,
      object: 'checkout.session',
      amount_total: minor,
      currency,
      customer,
      metadata: { plan },
      payment_method_types: ['card'],
      payment_status: 'paid',
      status: 'complete',
      ...paid,
      ...members,
    };
  }

  invoice(billingReason: string, members: Members = {}): Members {
    const { minor, currency } = this.#bought;
    const { invoice, customer, intent, charge, subscription } = this.ids;
    const older = { subscription, payment_intent: intent, charge };
    const newer = { parent: { type: 'subscription_details', subscription_details: { subscription, metadata: {} } } };
    return {
      id: invoice,
      object: 'invoice',
      amount_due: minor,
      amount_paid: minor,
      amount_remaining: 0,
      attempt_count: 1,
      billing_reason: billingReason,
      currency,
      customer,
      lines: { object: 'list', data: [this.#line()] },
      metadata: {},
      payment_settings: { payment_method_types: ['card'] },
      status: 'paid',
      ...(this.#api === 'acacia' ? older : newer),
      ...members,
    };
  }

  #line(): Members {
    const { minor, currency, plan } = this.#bought;
    const { subscription } = this.ids;
    const line = { id: `il_${subscription}`, object: 'line_item', amount: minor, currency, metadata: {}, quantity: 1 };
    if (this.#api === 'acacia') return { ...line, price: priceOf(plan), subscription };
    const parent = { type: 'subscription_item_details', subscription_item_details: { subscription } };
    return { ...line, parent, pricing: { type: 'price_details', price_details: { price: priceOf(plan).id, product: `prod_${plan}` } } };
  }

  subscription(members: Members = {}): Members {
    return subscriptionOf(this.#bought.plan, { id: this.ids.subscription, customer: this.ids.customer, latest_invoice: this.ids.invoice, ...members });
  }
}

function priceOf(plan: string) {
  return { id: `price_${plan}`, object: 'price', lookup_key: plan, nickname: null, metadata: {}, product: `prod_${plan}`, type: 'recurring' };
}

function subscriptionOf(plan: string, members: Members = {}): Members {
  const start = now();
  const item = { id: `si_${++sequence}`, object: 'subscription_item', price: priceOf(plan), quantity: 1, current_period_start: start };
  return { id: `sub_${++sequence}`, object: 'subscription', items: { data: [item] }, metadata: {}, status: 'active', ...members };
}

/** The events of each kind of purchase, in the order in which an endpoint would like to have them. */
export function stripeEvents(api: ApiGeneration): EventKinds {
  const sold = (payment: Payment): ProviderEvent[] => [
    snapshot('checkout.session.completed', payment.session()),
    snapshot('payment_intent.succeeded', payment.intent()),
    snapshot('charge.succeeded', payment.charge()),
  ];
  const invoiced = (payment: Payment, reason: string): ProviderEvent[] => [
    snapshot('invoice.paid', payment.invoice(reason)),
    snapshot('invoice.payment_succeeded', payment.invoice(reason)),
    snapshot('charge.succeeded', payment.charge({ description: 'Subscription update' })),
    snapshot('payment_intent.succeeded', payment.intent({ description: 'Subscription update' })),
  ];
  return {
    purchase: (bought) => sold(new Payment(bought, api, false)),
    subscriptionPurchase(bought) {
      const payment = new Payment(bought, api, true);
      return [
        snapshot('customer.subscription.created', payment.subscription()),
        snapshot('checkout.session.completed', payment.session()),
        ...invoiced(payment, 'subscription_create'),
      ];
    },
    renewal(bought) {
      const payment = new Payment(bought, api, true);
      const before = { items: { data: [{ price: priceOf(bought.plan), quantity: 1, current_period_start: 1 }] }, latest_invoice: 'in_before' };
      return [
        snapshot('invoice.created', payment.invoice('subscription_cycle', { lines: { data: [{ amount: 1, price: priceOf(bought.plan) }] }, status: 'draft' })),
        ...invoiced(payment, 'subscription_cycle'),
        snapshot('customer.subscription.updated', payment.subscription(), before),
      ];
    },
    declined(bought, code) {
      const payment = new Payment(bought, api, true);
      const error = { charge: payment.ids.charge, code: 'card_declined', decline_code: code, type: 'card_error', payment_method: { type: 'card' } };
      const refused = { amount_captured: 0, captured: false, paid: false, status: 'failed', failure_code: 'card_declined', outcome: { reason: code } };
      const open = { amount_paid: 0, amount_remaining: bought.minor, status: 'open' };
      return [
        snapshot('payment_intent.payment_failed', payment.intent({ amount_received: 0, last_payment_error: error, status: 'requires_payment_method' })),
        snapshot('charge.failed', payment.charge(refused)),
        snapshot('invoice.payment_failed', payment.invoice('subscription_create', open)),
      ];
    },
    refunded(bought, minor) {
      const payment = new Payment(bought, api, false);
      const { charge, intent } = payment.ids;
      const refund = { id: `re_${charge}`, object: 'refund', amount: minor, charge, currency: bought.currency, payment_intent: intent, status: 'succeeded' };
      const events = [
        snapshot('refund.created', { ...refund, status: 'pending' }),
        snapshot('charge.refunded', payment.charge({ amount_refunded: minor }), { amount_refunded: 0 }),
        snapshot('refund.updated', refund),
      ];
      return { purchase: sold(payment), refund: events };
    },
    disputed(bought) {
      const payment = new Payment(bought, api, false);
      const { charge, intent } = payment.ids;
      const dispute = { id: `du_${charge}`, object: 'dispute', amount: bought.minor, charge, currency: bought.currency, payment_intent: intent };
      const events = [
        snapshot('charge.dispute.created', { ...dispute, status: 'needs_response' }),
        snapshot('charge.dispute.funds_withdrawn', { ...dispute, status: 'needs_response' }),
        snapshot('charge.dispute.closed', { ...dispute, status: 'lost' }),
      ];
      return { purchase: sold(payment), dispute: events };
    },
    subscriptionCreated: (plan) => snapshot('customer.subscription.created', subscriptionOf(plan)),
    subscriptionCancelled: (plan) => snapshot('customer.subscription.deleted', subscriptionOf(plan, { status: 'canceled' })),
  };
}
