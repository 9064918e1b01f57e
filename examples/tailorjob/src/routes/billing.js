import { RequestError, requireText } from '../errors.js';

/**
 * What is on sale: a subscription, and a month that ends by itself.
 *
 * @type {Record<string, { price: string, mode: 'subscription' | 'payment' }>}
 */
const PLANS = {
  premium: { price: 'price_premium_usd', mode: 'subscription' },
  starter: { price: 'price_starter_jpy', mode: 'payment' },
};

/** @typedef {import('stripe').default.Event} StripeEvent */

/**
 * Starting a payment.
 *
 * @param {import('express').Express} app
 * @param {import('../app.js').Services} services
 */
export function checkoutRoutes(app, { accounts, stripe }) {
  app.post('/api/checkout', async (request, response) => {
    const account = accounts.signedIn(request);
    const name = requireText(request.body, 'plan');
    const plan = Object.hasOwn(PLANS, name) ? PLANS[name] : undefined;
    if (!plan) throw new RequestError(400, `plan is ${Object.keys(PLANS).join(', ')}`);
    const metadata = { plan: name, account: account.id };
    const session = await stripe.checkout.sessions.create({
      mode: plan.mode,
      line_items: [{ price: plan.price, quantity: 1 }],
      client_reference_id: account.id,
      customer_email: account.email,
      metadata,
      success_url: `${request.protocol}://${request.get('host')}/api/account`,
      ...(plan.mode === 'subscription' ? { subscription_data: { metadata } } : { payment_intent_data: { metadata }, customer_creation: 'always' }),
    });
    response.status(201).json({ id: session.id, url: session.url });
  });
}

/**
 * Stripe's webhook. A delivery that finds no account is answered with 500, so that Stripe sends it again later: its order is not guaranteed.
 *
 * @param {import('express').Express} app
 * @param {typeof import('express')} express
 * @param {import('../app.js').Services} services
 */
export function webhookRoute(app, express, { accounts, stripe, configuration }) {
  /** @type {Set<string>} */
  const handled = new Set();

  app.post('/webhooks/stripe', express.raw({ type: 'application/json' }), async (request, response) => {
    /** @type {StripeEvent} */
    let event;
    try {
      event = stripe.webhooks.constructEvent(request.body, request.get('stripe-signature') ?? '', configuration.stripe.webhookSecret);
    } catch {
      throw new RequestError(400, 'not from Stripe');
    }
    if (!handled.has(event.id)) {
      await handle(event, { accounts, stripe });
      handled.add(event.id);
    }
    response.json({ received: true });
  });
}

/**
 * @param {StripeEvent} event
 * @param {Pick<import('../app.js').Services, 'accounts' | 'stripe'>} services
 */
async function handle(event, { accounts, stripe }) {
  switch (event.type) {
    case 'checkout.session.completed':
      return completeCheckout(event.data.object, accounts);
    case 'invoice.paid': {
      const { customer, amount_paid: amount, currency } = event.data.object;
      accountOf(customer, accounts).payments.push({ amount, currency });
      return;
    }
    case 'payment_intent.payment_failed': {
      const account = accounts.find(event.data.object.metadata.account);
      if (account) account.failedPayments += 1;
      return;
    }
    case 'charge.refunded': {
      const { customer, amount_refunded: amount, currency } = event.data.object;
      accountOf(customer, accounts).refunds.push({ amount, currency });
      return;
    }
    case 'charge.dispute.created': {
      const { amount, currency, charge } = event.data.object;
      const { customer } = await stripe.charges.retrieve(idOf(charge) ?? '');
      accountOf(customer, accounts).disputes.push({ amount, currency });
      return;
    }
    case 'customer.subscription.deleted':
      accountOf(event.data.object.customer, accounts).plan = 'free';
      return;
  }
}

/**
 * @param {import('stripe').default.Checkout.Session} session
 * @param {import('../accounts.js').Accounts} accounts
 */
function completeCheckout(session, accounts) {
  const account = accounts.find(session.client_reference_id);
  if (!account) throw new Error('a checkout of nobody');
  account.customer = idOf(session.customer);
  if (session.payment_status !== 'paid') return;
  account.plan = session.metadata?.plan ?? 'free';
  // A subscription's money comes with its invoices.
  if (session.mode === 'payment') account.payments.push({ amount: session.amount_total ?? 0, currency: session.currency ?? '' });
}

/**
 * @param {string | { id: string } | null} customer
 * @param {import('../accounts.js').Accounts} accounts
 */
function accountOf(customer, accounts) {
  const account = accounts.findByCustomer(idOf(customer) ?? '');
  if (!account) throw new Error('no account of this customer yet');
  return account;
}

/** @param {string | { id: string } | null} reference */
function idOf(reference) {
  return typeof reference === 'string' ? reference : reference?.id;
}
