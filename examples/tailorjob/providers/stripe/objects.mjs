/**
 * The shapes of Stripe's objects, as its API 2026-10-28 sends them: a subscription's payment intent names its invoice only in
 * `payment_details`, the invoice does not name its payment intent, and neither carries the subscription's metadata.
 */

/** @typedef {{ id: string, unit_amount: number, currency: string, recurring: boolean }} Price Amounts in minor units; the yen has none. */

/** @type {Record<string, Price>} What the merchant sells. */
export const PRICES = {
  price_premium_usd: { id: 'price_premium_usd', unit_amount: 2900, currency: 'usd', recurring: true },
  price_starter_jpy: { id: 'price_starter_jpy', unit_amount: 1500, currency: 'jpy', recurring: false },
};

export const now = () => Math.floor(Date.now() / 1000);

const MONTH = 30 * 24 * 3600;

/** @typedef {Record<string, string>} Metadata */

/** @param {{ id: string, url: string, price: Price, request: any }} from */
export function checkoutSession({ id, url, price, request }) {
  return {
    id,
    object: 'checkout.session',
    amount_subtotal: price.unit_amount,
    amount_total: price.unit_amount,
    client_reference_id: request.client_reference_id ?? null,
    created: now(),
    currency: price.currency,
    customer: /** @type {string | null} */ (null),
    customer_email: request.customer_email ?? null,
    expires_at: now() + 24 * 3600,
    invoice: /** @type {string | null} */ (null),
    livemode: true,
    metadata: /** @type {Metadata} */ (request.metadata ?? {}),
    mode: /** @type {string} */ (request.mode),
    payment_intent: /** @type {string | null} */ (null),
    payment_method_types: ['card'],
    payment_status: 'unpaid',
    status: 'open',
    subscription: /** @type {string | null} */ (null),
    success_url: request.success_url ?? null,
    url: /** @type {string | null} */ (url),
  };
}

/** @param {{ id: string, price: Price, customer: string | null, charge: string, invoice: string | null, metadata: Metadata, error?: object }} from */
export function paymentIntent({ id, price, customer, charge, invoice, metadata, error }) {
  return {
    id,
    object: 'payment_intent',
    amount: price.unit_amount,
    amount_received: error ? 0 : price.unit_amount,
    capture_method: 'automatic_async',
    created: now(),
    currency: price.currency,
    customer,
    last_payment_error: error ?? null,
    latest_charge: charge,
    livemode: true,
    metadata,
    payment_details: { customer_reference: null, order_reference: invoice },
    payment_method_types: ['card'],
    status: error ? 'requires_payment_method' : 'succeeded',
  };
}

/** @param {{ id: string, price: Price, customer: string | null, paymentIntent: string, metadata: Metadata, failure?: { code: string, reason: string, message: string } }} from */
export function charge({ id, price, customer, paymentIntent, metadata, failure }) {
  return {
    id,
    object: 'charge',
    amount: price.unit_amount,
    amount_captured: failure ? 0 : price.unit_amount,
    amount_refunded: 0,
    captured: !failure,
    created: now(),
    currency: price.currency,
    customer,
    disputed: false,
    failure_code: failure?.code ?? null,
    failure_message: failure?.message ?? null,
    livemode: true,
    metadata,
    outcome: failure ? { type: 'issuer_declined', reason: failure.reason } : { type: 'authorized', reason: null },
    paid: !failure,
    payment_intent: paymentIntent,
    payment_method_details: { type: 'card', card: { brand: 'visa', last4: '4242' } },
    refunded: false,
    status: failure ? 'failed' : 'succeeded',
  };
}

/** @param {{ id: string, price: Price, customer: string, metadata: Metadata, invoice: string }} from */
export function subscription({ id, price, customer, metadata, invoice }) {
  const item = { id: `si_${id}`, object: 'subscription_item', price: priceObject(price), quantity: 1, subscription: id };
  return {
    id,
    object: 'subscription',
    cancel_at_period_end: false,
    canceled_at: /** @type {number | null} */ (null),
    cancellation_details: { comment: null, feedback: null, reason: /** @type {string | null} */ (null) },
    created: now(),
    currency: price.currency,
    customer,
    ended_at: /** @type {number | null} */ (null),
    items: { object: 'list', data: [{ ...item, current_period_start: now(), current_period_end: now() + MONTH }], has_more: false },
    latest_invoice: invoice,
    livemode: true,
    metadata,
    status: 'active',
  };
}

/** @param {{ id: string, price: Price, customer: string, subscription: string, metadata: Metadata, reason: string }} from */
export function invoice({ id, price, customer, subscription, metadata, reason }) {
  const line = {
    id: `il_${id}`,
    object: 'line_item',
    amount: price.unit_amount,
    currency: price.currency,
    metadata,
    parent: { type: 'subscription_item_details', subscription_item_details: { subscription, proration: false } },
    pricing: { type: 'price_details', price_details: { price: price.id, product: 'prod_tailorjob' }, unit_amount_decimal: String(price.unit_amount) },
    quantity: 1,
  };
  return {
    id,
    object: 'invoice',
    amount_due: price.unit_amount,
    amount_paid: price.unit_amount,
    amount_remaining: 0,
    attempt_count: 1,
    attempted: true,
    billing_reason: reason,
    collection_method: 'charge_automatically',
    created: now(),
    currency: price.currency,
    customer,
    lines: { object: 'list', data: [line], has_more: false },
    livemode: true,
    metadata: {},
    parent: { type: 'subscription_details', quote_details: null, subscription_details: { metadata, subscription } },
    status: 'paid',
    total: price.unit_amount,
  };
}

/** @typedef {{ id: string, amount: number, currency: string, payment_intent: string }} Charged */

/**
 * @param {string} id
 * @param {Charged} charged
 */
export function refund(id, { id: charge, amount, currency, payment_intent }) {
  const reason = 'requested_by_customer';
  return { id, object: 'refund', amount, charge, created: now(), currency, metadata: {}, payment_intent, reason, status: 'succeeded' };
}

/**
 * @param {string} id
 * @param {Charged} charged
 */
export function dispute(id, { id: charge, amount, currency, payment_intent }) {
  const [reason, status] = ['fraudulent', 'needs_response'];
  return { id, object: 'dispute', amount, charge, created: now(), currency, livemode: true, metadata: {}, payment_intent, reason, status };
}

/** @param {Price} price */
function priceObject({ id, unit_amount, currency, recurring }) {
  return {
    id,
    object: 'price',
    active: true,
    currency,
    livemode: true,
    lookup_key: null,
    nickname: null,
    product: 'prod_tailorjob',
    recurring: recurring ? { interval: 'month', interval_count: 1, usage_type: 'licensed' } : null,
    type: recurring ? 'recurring' : 'one_time',
    unit_amount,
  };
}
