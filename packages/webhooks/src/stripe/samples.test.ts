import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { webhookMetrics as metrics, selfMetrics } from '@tallyman/catalog';
import { installHook } from '@tallyman/core';
import { recordedBy } from '@tallyman/testkit';
import { describe, expect, it } from 'vitest';
import { snapshot } from './events.test.data.ts';
import { adapter } from './index.ts';
import { type Client, load, signatureOf } from './subjects.test.data.ts';

installHook([adapter]);
const stripe = new (await load({ folder: 'stripe', form: 'CommonJS' }))('sk_test_unused') as unknown as Client;
const SECRET = 'whsec_conformance';
const samplesFile = new URL('../../../../../shared/fixtures/stripe/fixtures3.json', import.meta.url);

type Sample = Readonly<Record<string, unknown>>;
const accept = (type: string, object: unknown, previous?: Sample): unknown => {
  const { body } = snapshot(type, object, previous);
  return stripe.webhooks.constructEvent(body, signatureOf(stripe, body), SECRET);
};

/** Every snapshot event that an endpoint can ask for, from the SDK's own declarations. */
function eventTypes(): string[] {
  const entry = createRequire(import.meta.url).resolve('stripe');
  const declarations = readFileSync(join(dirname(entry), 'resources', 'WebhookEndpoints.d.ts'), 'utf8');
  const [, members = ''] = /type EnabledEvent = ([^;]+);/.exec(declarations) ?? [];
  return [...members.matchAll(/'([a-z_.0-9]+)'/g)].map(([, type]) => type as string);
}

/** The longest resource name that the type begins with. */
function resourceOf(type: string, resources: Readonly<Record<string, Sample>>): Sample | undefined {
  if (type.startsWith('customer.subscription.')) return resources.subscription;
  if (type.startsWith('charge.dispute.')) return resources.dispute;
  if (type === 'charge.refund.updated') return resources.refund;
  const names = Object.keys(resources).filter((name) => type.startsWith(`${name}.`));
  return resources[names.sort((one, other) => other.length - one.length)[0] ?? ''];
}

describe('what Stripe may send', () => {
  const resources: Readonly<Record<string, Sample>> = existsSync(samplesFile) ? JSON.parse(readFileSync(samplesFile, 'utf8')).resources : {};

  it('counts no money for the samples of its documentation, which are in neutral states', async () => {
    const types = eventTypes();
    expect(types.length).toBeGreaterThan(200);
    const failing = new Set(['payment_intent.payment_failed', 'charge.failed', 'invoice.payment_failed', 'checkout.session.async_payment_failed']);
    const neutral = types.filter((type) => !failing.has(type) && !type.startsWith('refund.') && type !== 'charge.refund.updated');
    const recorded = await recordedBy(() => neutral.map((type) => accept(type, resourceOf(type, resources) ?? { object: 'unknown' })));
    for (const metric of [metrics.conversions, metrics.failures, metrics.revenue, metrics.refunded, metrics.disputed])
      expect(recorded.value(metric), metric.name).toBe(0);
    expect(recorded.value(metrics.received, { outcome: 'accepted', 'webhook.verification': 'sdk' })).toBe(neutral.length);
    expect(recorded.value(selfMetrics.errors)).toBe(0);
  });

  it('has an event type of its own for each of them', async () => {
    const recorded = await recordedBy(() => eventTypes().map((type) => accept(type, {})));
    expect(recorded.value(metrics.received, { 'webhook.event_type': '_OTHER' })).toBe(0);
  });

  it('survives objects of any shape in any event', async () => {
    const shapes: unknown[] = [
      null,
      undefined,
      [],
      'text',
      7,
      {},
      { object: 'invoice', lines: 'no', parent: [], payments: { data: [null, 1, { payment: 'x' }] }, amount_paid: 'much', currency: 3 },
      { object: 'subscription', items: { data: [null, [], { price: 5 }] }, status: {}, metadata: 'none' },
      { object: 'charge', captured: true, amount_captured: Number.MAX_VALUE, currency: '__proto__', outcome: [], customer: {} },
      { object: 'checkout.session', payment_status: 'paid', amount_total: -5, currency: 'usd', payment_method_types: [null] },
    ];
    const recorded = await recordedBy(() => {
      for (const type of eventTypes()) for (const shape of shapes) accept(type, shape, { amount_refunded: 'x', items: 1, status: null });
      for (const body of ['null', '[]', '"text"', '7', '{"type":5,"id":{},"created":"never","data":[]}'])
        stripe.webhooks.constructEvent(body, signatureOf(stripe, body), SECRET);
    });
    expect(recorded.value(selfMetrics.errors)).toBe(0);
    expect(recorded.value(metrics.refunded)).toBe(0);
    expect(recorded.value(metrics.revenue, { currency: 'usd' })).toBe(0);
  });
});
