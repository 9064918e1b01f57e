import { webhookMetrics as metrics } from '@tallyman/catalog';
import { installHook } from '@tallyman/core';
import { type Recorded, recordedBy } from '@tallyman/testkit';
import { describe, expect, it } from 'vitest';
import { settleHeldPurchases } from '../payments.ts';
import { snapshot } from './events.test.data.ts';
import { adapter } from './index.ts';
import { type Client, load, signatureOf } from './subjects.test.data.ts';

installHook([adapter]);
const stripe = new (await load({ folder: 'stripe', form: 'CommonJS' }))('sk_test_unused') as unknown as Client;

type Members = Readonly<Record<string, unknown>>;
type Told = readonly [type: string, object: Members, previous?: Members];

/** What is recorded when these events are accepted in this order. */
function accepted(...events: readonly Told[]): Promise<Recorded> {
  return recordedBy(() => {
    for (const { body } of events.map(([type, object, previous]) => snapshot(type, object, previous)))
      stripe.webhooks.constructEvent(body, signatureOf(stripe, body), 'whsec_conformance');
    settleHeldPurchases();
  });
}

let sequence = 0;
const next = (prefix: string): string => `${prefix}_${++sequence}`;
const charge = (members: Members = {}): Members => {
  const id = next('ch');
  const card = { payment_method_details: { type: 'card' } };
  return { id, object: 'charge', amount: 1000, amount_captured: 1000, captured: true, currency: 'usd', payment_intent: `pi_of_${id}`, ...card, ...members };
};
const session = (members: Members): Members => ({
  id: next('cs'),
  object: 'checkout.session',
  amount_total: 1000,
  currency: 'usd',
  mode: 'payment',
  payment_intent: next('pi'),
  payment_status: 'paid',
  ...members,
});
const invoice = (members: Members): Members => ({ id: next('in'), object: 'invoice', amount_paid: 1000, currency: 'usd', customer: next('cus'), ...members });

describe('what is no purchase', () => {
  it.each<[string, Told]>([
    ['a checkout that waits for the bank', ['checkout.session.completed', session({ payment_status: 'unpaid' })]],
    ['a checkout of a trial', ['checkout.session.completed', session({ payment_status: 'no_payment_required', mode: 'subscription', amount_total: 0 })]],
    ['a checkout that saves a card', ['checkout.session.completed', session({ payment_status: 'no_payment_required', mode: 'setup', amount_total: null })]],
    ['a paid checkout for nothing', ['checkout.session.completed', session({ amount_total: 0 })]],
    ['an invoice of a trial', ['invoice.paid', invoice({ amount_paid: 0, billing_reason: 'subscription_create' })]],
    ['an authorisation', ['charge.succeeded', charge({ captured: false, amount_captured: 0 })]],
    [
      'an intent that only authorises',
      ['payment_intent.amount_capturable_updated', { id: next('pi'), object: 'payment_intent', amount: 1000, currency: 'usd' }],
    ],
    ['an authorisation, in older API versions', ['charge.succeeded', charge({ captured: false, amount_captured: undefined })]],
    ['an invoice that is open', ['invoice.finalized', invoice({})]],
    ['money without a currency', ['invoice.paid', invoice({ currency: null })]],
  ])('%s', async (_what, event) => {
    const recorded = await accepted(event);
    expect(recorded.value(metrics.conversions)).toBe(0);
    expect(recorded.value(metrics.revenue)).toBe(0);
  });
});

it('counts a checkout when the bank has paid, and an authorisation when it is captured', async () => {
  const waiting = session({ payment_status: 'unpaid' });
  const held = charge({ captured: false, amount_captured: 0 });
  const recorded = await accepted(
    ['checkout.session.completed', waiting],
    ['checkout.session.async_payment_succeeded', { ...waiting, payment_status: 'paid' }],
    ['charge.succeeded', held],
    ['charge.captured', { ...held, captured: true, amount_captured: 700 }],
  );
  expect(recorded.value(metrics.conversions)).toBe(2);
  expect(recorded.value(metrics.revenue)).toBeCloseTo(17, 6);
});

it.each([
  ['isk', 500, 5],
  ['ugx', 500, 5],
  ['mga', 500, 500],
  ['clp', 500, 500],
  ['USD', 500, 5],
])('reads %s as Stripe writes it: %d is %d', async (currency, amount_captured, amount) => {
  const recorded = await accepted(['charge.succeeded', charge({ currency, amount_captured })]);
  expect(recorded.value(metrics.revenue, { currency: currency.toLowerCase() })).toBe(amount);
});

it('knows the method that the charge of an intent had', async () => {
  const pending = charge({ captured: false, payment_method_details: { type: 'us_bank_account' }, status: 'pending' });
  const offered = { payment_method_types: ['card', 'us_bank_account'], latest_charge: pending.id };
  const intent = { id: pending.payment_intent, object: 'payment_intent', amount_received: 1000, currency: 'usd', ...offered };
  const recorded = await accepted(['charge.pending', pending], ['payment_intent.succeeded', intent]);
  expect(recorded.value(metrics.conversions, { 'payment.method': 'us_bank_account' })).toBe(1);
  const unseen = await accepted(['payment_intent.succeeded', { ...intent, id: next('pi'), latest_charge: next('ch') }]);
  expect(unseen.value(metrics.conversions, { 'payment.method': 'unknown' })).toBe(1);
});

it('links an invoice to its payment by the payments that it lists, and by the event of such a payment', async () => {
  const listed = invoice({ payments: { data: [{ payment: { type: 'payment_intent', payment_intent: 'pi_listed' } }] }, customer: null });
  const intent = { object: 'payment_intent', amount_received: 1000, currency: 'usd', customer: null };
  const unlisted = invoice({ customer: null });
  const part = { id: 'inpay_1', object: 'invoice_payment', invoice: unlisted.id, amount_paid: 1000, currency: 'usd', payment: { payment_intent: 'pi_part' } };
  const recorded = await accepted(
    ['invoice.paid', listed],
    ['payment_intent.succeeded', { ...intent, id: 'pi_listed' }],
    ['invoice_payment.paid', part],
    ['payment_intent.succeeded', { ...intent, id: 'pi_part' }],
    ['invoice.paid', unlisted],
  );
  expect(recorded.value(metrics.conversions)).toBe(2);
});

it('counts a purchase with the plan that another of its events tells, whichever comes first, and its refund with the same', async () => {
  const paid = charge();
  const later = session({ payment_intent: paid.payment_intent, metadata: { plan: 'premium' } });
  const recorded = await accepted(['charge.succeeded', paid], ['checkout.session.completed', later], ['charge.refunded', { ...paid, amount_refunded: 1000 }]);
  expect(recorded.value(metrics.conversions)).toBe(1);
  expect(recorded.value(metrics.revenue, { plan: 'premium' })).toBe(10);
  expect(recorded.value(metrics.refunded, { plan: 'premium' })).toBe(10);
});

it('finds the plan of a charge by the invoice that shares its customer and amount', async () => {
  const customer = next('cus');
  const recorded = await accepted(['charge.succeeded', charge({ customer })], ['invoice.paid', invoice({ customer, metadata: { plan: 'team' } })]);
  expect(recorded.value(metrics.conversions)).toBe(1);
  expect(recorded.value(metrics.revenue, { plan: 'team' })).toBe(10);
});

it('counts a purchase whose plan nothing tells as unknown, and its refund too, even if that comes at once', async () => {
  const paid = charge();
  const recorded = await accepted(['charge.succeeded', paid], ['charge.refunded', { ...paid, amount_refunded: 1000 }]);
  expect(recorded.value(metrics.revenue, { plan: 'unknown' })).toBe(10);
  expect(recorded.value(metrics.refunded, { plan: 'unknown' })).toBe(10);
});

describe('refunds', () => {
  it('counts each part that is given back, equal ones too', async () => {
    const paid = charge();
    const refund = (id: string): Members => ({ id, object: 'refund', amount: 300, charge: paid.id, currency: 'usd', status: 'succeeded' });
    const recorded = await accepted(
      ['refund.created', refund('re_first')],
      ['charge.refunded', { ...paid, amount_refunded: 300 }, { amount_refunded: 0 }],
      ['charge.refunded', { ...paid, amount_refunded: 600 }, { amount_refunded: 300 }],
      ['refund.created', refund('re_second')],
      ['charge.refund.updated', refund('re_second')],
    );
    expect(recorded.value(metrics.refunded)).toBeCloseTo(6, 6);
  });

  it('leaves out what failed, what waits for the payer, and what was never captured', async () => {
    const refund = { object: 'refund', amount: 300, charge: next('ch'), currency: 'usd' };
    const recorded = await accepted(
      ['refund.updated', { ...refund, id: next('re'), status: 'failed' }],
      ['refund.created', { ...refund, id: next('re'), status: 'requires_action' }],
      ['refund.failed', { ...refund, id: next('re'), status: 'failed' }],
      ['charge.refunded', charge({ captured: false, amount_captured: 0, amount_refunded: 1000 })],
    );
    expect(recorded.value(metrics.refunded)).toBe(0);
  });
});

describe('failures', () => {
  it('counts each attempt', async () => {
    const intent = { id: next('pi'), object: 'payment_intent', amount: 1000, currency: 'usd', customer: next('cus') };
    const attempt = (charged: string, decline_code: string): Told => [
      'payment_intent.payment_failed',
      { ...intent, last_payment_error: { charge: charged, code: 'card_declined', decline_code } },
    ];
    const recorded = await accepted(attempt('ch_try_1', 'insufficient_funds'), attempt('ch_try_2', 'insufficient_funds'), attempt('ch_try_3', 'lost_card'));
    expect(recorded.value(metrics.failures, { 'error.type': 'insufficient_funds' })).toBe(2);
    expect(recorded.value(metrics.failures, { 'error.type': 'lost_card' })).toBe(1);
  });

  it('counts a failed bank transfer once, whether the session or the intent tells first', async () => {
    for (const isSessionFirst of [true, false]) {
      const waiting = session({ payment_status: 'unpaid', payment_method_types: ['sepa_debit'] });
      const error = { code: 'payment_intent_payment_attempt_failed', payment_method: { type: 'sepa_debit' } };
      const intent = { id: waiting.payment_intent, object: 'payment_intent', amount: 1000, currency: 'usd', last_payment_error: error };
      const events: Told[] = [
        ['checkout.session.async_payment_failed', waiting],
        ['payment_intent.payment_failed', intent],
      ];
      const recorded = await accepted(...(isSessionFirst ? events : events.reverse()));
      expect(recorded.value(metrics.failures)).toBe(1);
      expect(recorded.value(metrics.failures, { 'payment.method': 'sepa_debit' })).toBe(1);
    }
  });

  it('names why a charge was blocked, and no more than that an invoice failed', async () => {
    const blocked = charge({ captured: false, failure_code: 'card_declined', outcome: { type: 'blocked', reason: 'highest_risk_level' } });
    const recorded = await accepted(['charge.failed', blocked], ['invoice.payment_failed', invoice({ amount_due: 1234, attempt_count: 2 })]);
    expect(recorded.value(metrics.failures, { 'payment.method': 'card', 'error.type': 'highest_risk_level' })).toBe(1);
    expect(recorded.value(metrics.failures, { 'payment.method': 'unknown', 'error.type': '_OTHER' })).toBe(1);
  });
});

it('counts an inquiry as a dispute when it becomes one', async () => {
  const dispute = { id: next('du'), object: 'dispute', amount: 1000, charge: next('ch'), currency: 'usd' };
  const inquiry = await accepted(['charge.dispute.created', { ...dispute, status: 'warning_needs_response' }]);
  expect(inquiry.value(metrics.disputed)).toBe(0);
  const withdrawn = await accepted(['charge.dispute.funds_withdrawn', { ...dispute, status: 'needs_response' }]);
  expect(withdrawn.value(metrics.disputed)).toBe(10);
});
