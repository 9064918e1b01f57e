import { webhookMetrics as metrics } from '@tallyman/catalog';
import { installHook } from '@tallyman/core';
import { recordedBy } from '@tallyman/testkit';
import { expect, it } from 'vitest';
import { snapshot } from './events.test.data.ts';
import { adapter } from './index.ts';
import { type Client, load, signatureOf } from './subjects.test.data.ts';

installHook([adapter]);
const stripe = new (await load({ folder: 'stripe', form: 'CommonJS' }))('sk_test_unused') as unknown as Client;

type Members = Readonly<Record<string, unknown>>;

const item = (price: string, end: number, quantity = 1) => ({ items: { data: [{ price: { id: price }, quantity, current_period_end: end }] } });
const subscription = (members: Members): Members => ({ id: 'sub_1', object: 'subscription', metadata: { plan: 'team' }, ...item('price_1', 2), ...members });

async function changesOf(type: string, object: Members, previous?: Members): Promise<string[]> {
  const { body } = snapshot(`customer.subscription.${type}`, object, previous);
  const recorded = await recordedBy(() => stripe.webhooks.constructEvent(body, signatureOf(stripe, body), 'whsec_conformance'));
  return recorded
    .series(metrics.subscriptionEvents)
    .filter(({ value, attributes }) => value === 1 && attributes.plan === 'team')
    .map(({ attributes }) => String(attributes.change))
    .sort();
}

it.each<[string, string, Members, Members | undefined, string[]]>([
  ['is created and paid', 'created', { status: 'active' }, undefined, ['activated', 'created']],
  ['begins with a trial', 'created', { status: 'trialing' }, undefined, ['activated', 'created']],
  ['is created and awaits its first payment', 'created', { status: 'incomplete' }, undefined, ['created']],
  ['is paid for the first time', 'updated', { status: 'active' }, { status: 'incomplete' }, ['activated']],
  ['is never paid', 'updated', { status: 'incomplete_expired' }, { status: 'incomplete' }, ['expired']],
  ['falls behind', 'updated', { status: 'past_due' }, { status: 'active' }, ['past_due']],
  ['changes its price', 'updated', { status: 'active', ...item('price_2', 2) }, item('price_1', 2), ['updated']],
  ['changes its quantity', 'updated', { status: 'active', ...item('price_1', 2, 5) }, item('price_1', 2, 1), ['updated']],
  ['is to end with its period', 'updated', { status: 'active', cancel_at_period_end: true }, { cancel_at_period_end: false }, ['updated']],
  ['begins another period', 'updated', { status: 'active' }, { ...item('price_1', 1), latest_invoice: 'in_0' }, []],
  ['begins another period, in older API versions', 'updated', { status: 'active' }, { current_period_end: 1, latest_invoice: 'in_0' }, []],
  ['is no longer collected', 'updated', { status: 'active', pause_collection: { behavior: 'void' } }, { pause_collection: null }, ['paused']],
  ['is collected again', 'updated', { status: 'active', pause_collection: null }, { pause_collection: { behavior: 'void' } }, ['resumed']],
  ['is paused', 'paused', { status: 'paused' }, undefined, ['paused']],
  ['is paused, as its update tells too', 'updated', { status: 'paused' }, { status: 'trialing' }, []],
  ['is resumed', 'resumed', { status: 'active' }, undefined, ['resumed']],
  ['is about to end its trial', 'trial_will_end', { status: 'trialing' }, undefined, ['trial_ending']],
  ['ends', 'deleted', { status: 'canceled' }, undefined, ['cancelled']],
])('a subscription that %s', async (_what, type, members, previous, expected) => {
  expect(await changesOf(type, subscription(members), previous)).toEqual(expected);
});
