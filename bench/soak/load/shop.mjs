import { createHmac } from 'node:crypto';
import { WEBHOOK_SECRET } from '../application/webhook.mjs';

const PLANS = [
  { plan: 'premium', currency: 'usd', minor: 2999 },
  { plan: 'starter', currency: 'eur', minor: 910 },
];
const ONE_IN = { duplicate: 10, failure: 12 };

/** A payment provider: makes Stripe's events of purchases, signs and delivers them, and counts what they are worth. */
export function createShop(client, count) {
  let sequence = 0;

  const eventOf = (type, object) => {
    const created = Math.floor(Date.now() / 1000);
    return { id: `evt_${++sequence}`, object: 'event', api_version: '2026-10-28.endive', created, livemode: false, type, data: { object } };
  };

  async function deliver(event, { secret = WEBHOOK_SECRET, headers = {} } = {}) {
    const body = JSON.stringify(event);
    const time = Math.floor(Date.now() / 1000);
    const signature = `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`;
    const status = await client.send({
      ...{ method: 'POST', path: '/webhooks/stripe', route: '/webhooks/stripe', body },
      headers: { 'stripe-signature': signature, ...headers },
    });
    if (secret === WEBHOOK_SECRET) count(`delivery ${status === 200 ? 'accepted' : 'failed'} ${event.type}`);
  }

  /** A purchase has one charge; its session alone tells the plan. */
  function purchase() {
    const { plan, currency, minor } = PLANS[++sequence % PLANS.length];
    const amount = minor + (sequence % 7) * 100;
    const [id, intent, charge] = [`cs_${sequence}`, `pi_${sequence}`, `ch_${sequence}`];
    count(`purchase ${plan}`);
    count(`money ${plan} ${currency}`, amount);
    const common = { currency, customer: `cus_${sequence}`, metadata: {} };
    const paid = { mode: 'payment', payment_intent: intent, payment_status: 'paid', status: 'complete', payment_method_types: ['card'] };
    const received = { amount, amount_received: amount, latest_charge: charge, payment_method_types: ['card'], status: 'succeeded' };
    const captured = { amount, amount_captured: amount, captured: true, payment_intent: intent, payment_method_details: { type: 'card' } };
    return [
      eventOf('checkout.session.completed', { ...common, id, object: 'checkout.session', amount_total: amount, ...paid, metadata: { plan } }),
      eventOf('payment_intent.succeeded', { ...common, id: intent, object: 'payment_intent', ...received }),
      eventOf('charge.succeeded', { ...common, id: charge, object: 'charge', ...captured, status: 'succeeded' }),
    ];
  }

  return {
    /** A purchase whose events come at once, in any order; some come twice, and some meet a failing application and come again. */
    async sell(number) {
      const events = purchase();
      const first = number % events.length;
      const sent = [...events.slice(first), ...events.slice(0, first)].map(async (event) => {
        if (number % ONE_IN.failure === 0) await deliver(event, { headers: { 'x-fail': '1' } });
        await deliver(event);
      });
      await Promise.all(sent);
      if (number % ONE_IN.duplicate !== 0) return;
      await deliver(events[0]);
      count('duplicate');
    },
    /** A purchase of which one event alone tells all. */
    async sellAtOnce() {
      const [session, paid] = purchase();
      paid.data.object.metadata = session.data.object.metadata;
      await deliver(paid);
    },
    async decline() {
      const intent = `pi_${++sequence}`;
      const error = {
        charge: `ch_${sequence}`,
        code: 'card_declined',
        decline_code: 'insufficient_funds',
        type: 'card_error',
        payment_method: { type: 'card' },
      };
      const refused = { amount: 900, amount_received: 0, currency: 'usd', status: 'requires_payment_method', last_payment_error: error, metadata: {} };
      count('declined');
      await deliver(eventOf('payment_intent.payment_failed', { id: intent, object: 'payment_intent', ...refused, payment_method_types: ['card'] }));
    },
    /** Signed by somebody who does not know the secret. */
    async forge() {
      count('forged');
      await deliver(purchaseOfNobody(), { secret: 'whsec_guessed' });
    },
  };

  function purchaseOfNobody() {
    return eventOf('payment_intent.succeeded', { id: `pi_${++sequence}`, object: 'payment_intent', amount: 1, amount_received: 1, currency: 'usd' });
  }
}
