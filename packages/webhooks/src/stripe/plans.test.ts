import { webhookMetrics as metrics } from '@tallyman/catalog';
import { installHook, runtime } from '@tallyman/core';
import { recordedBy } from '@tallyman/testkit';
import { afterEach, expect, it } from 'vitest';
import { settleHeldPurchases } from '../payments.ts';
import { snapshot } from './events.test.data.ts';
import { adapter } from './index.ts';
import { type Client, load, signatureOf } from './subjects.test.data.ts';

installHook([adapter]);
const stripe = new (await load({ folder: 'stripe', form: 'CommonJS' }))('sk_test_unused') as unknown as Client;
afterEach(() => {
  runtime.configuration = {};
});

type Members = Readonly<Record<string, unknown>>;
let sequence = 0;

async function planOf(invoice: Members, ...before: readonly (readonly [type: string, object: Members])[]): Promise<unknown> {
  const id = `in_plan_${++sequence}`;
  const paid: Members = { id, object: 'invoice', amount_paid: 500, currency: 'usd', customer: `cus_plan_${sequence}`, ...invoice };
  const events = [...before, ['invoice.paid', paid] as const].map(([type, object]) => snapshot(type, object));
  const recorded = await recordedBy(() => {
    for (const { body } of events) stripe.webhooks.constructEvent(body, signatureOf(stripe, body), 'whsec_conformance');
    settleHeldPurchases();
  });
  expect(recorded.value(metrics.revenue)).toBe(5);
  return recorded.series(metrics.conversions).find(({ value }) => value === 1)?.attributes.plan;
}

const line = (price: unknown, members: Members = {}) => ({ lines: { data: [{ amount: 500, price, ...members }] } });
const priced = (price: string, amount = 500) => ({ amount, pricing: { price_details: { price, product: 'prod_1' } } });

it('takes the configured name of a price', async () => {
  runtime.configuration = { webhooks: { plans: { price_9: 'gold', prod_9: 'silver', bronze_key: 'bronze' } } };
  expect(await planOf({ lines: { data: [priced('price_9')] } })).toBe('gold');
  expect(await planOf(line({ id: 'price_x', product: 'prod_9', nickname: 'Nick' }))).toBe('silver');
  expect(await planOf(line({ id: 'price_y', lookup_key: 'bronze_key' }))).toBe('bronze');
});

it('takes the lookup key, the nickname, or metadata, in this order', async () => {
  const metadata = { plan: 'of metadata' };
  expect(await planOf(line({ id: 'price_a', lookup_key: 'of key', nickname: 'of nickname', metadata }))).toBe('of key');
  expect(await planOf(line({ id: 'price_b', lookup_key: null, nickname: 'of nickname', metadata }))).toBe('of nickname');
  expect(await planOf(line({ id: 'price_c', metadata }))).toBe('of metadata');
  expect(await planOf({ ...line({ id: 'price_d' }), metadata })).toBe('of metadata');
  expect(await planOf({ lines: { data: [priced('price_e')] }, parent: { subscription_details: { subscription: 'sub_e', metadata } } })).toBe('of metadata');
});

it('never takes an id', async () => {
  expect(await planOf({ lines: { data: [priced('price_f')] } })).toBe('unknown');
});

it('knows the plan that another event named: of the subscription, of the price', async () => {
  const subscription = { id: 'sub_g', object: 'subscription', status: 'active', items: { data: [{ price: { id: 'price_g', lookup_key: 'growth' } }] } };
  const parent = { subscription_details: { subscription: 'sub_g' } };
  expect(await planOf({ parent }, ['customer.subscription.created', subscription])).toBe('growth');
  expect(await planOf({ lines: { data: [priced('price_g')] } })).toBe('growth');
  const price = { id: 'price_h', object: 'price', nickname: 'Hobby' };
  expect(await planOf({ lines: { data: [priced('price_h')] } }, ['price.created', price])).toBe('Hobby');
});

it('takes the plan that is charged, not the one that is credited', async () => {
  const change = {
    lines: {
      data: [
        { amount: -300, price: { id: 'price_i', nickname: 'old' } },
        { amount: 800, price: { id: 'price_j', nickname: 'new' } },
      ],
    },
  };
  expect(await planOf(change)).toBe('new');
});

it('does not give the name of one price to another of the same subscription', async () => {
  const items = { data: [{ price: { id: 'price_l' } }, { price: { id: 'price_k', lookup_key: 'main' } }] };
  const subscription = { id: 'sub_k', object: 'subscription', status: 'active', items };
  expect(await planOf({ lines: { data: [priced('price_l')] } }, ['customer.subscription.created', subscription])).toBe('unknown');
});
