import { randomUUID } from 'node:crypto';
import { installHook, runtime } from '@tallyman/core';
import { placesIn } from '@tallyman/testkit/conformance/faults';
import { webhookFaults } from '@tallyman/testkit/conformance/webhooks';
import { describe, vi } from 'vitest';
import { snapshot } from './events.test.data.ts';
import { adapter, instrumentStripe } from './index.ts';
import { type Client, forget, load, type StripeClass, signatureOf, subjectOf, type Variant, variants } from './subjects.test.data.ts';

const SECRET = 'whsec_conformance';
const folders = ['stripe', 'stripe-17'] as const;

/** A copy that no hook has seen. */
async function fresh(folder: Variant['folder']): Promise<StripeClass> {
  forget(folder);
  const loaded = await load({ folder, form: 'CommonJS' });
  forget(folder);
  return loaded;
}

interface Copies {
  readonly bare: StripeClass;
  readonly bundled: StripeClass;
}
const copies = new Map<string, Copies>();
for (const folder of folders) copies.set(folder, { bare: await fresh(folder), bundled: await fresh(folder) });
installHook([adapter]);

/** Both versions and both forms. */
for (const variant of variants.filter(({ folder, form }) => (folder === 'stripe') === (form === 'CommonJS'))) {
  const { bare, bundled } = copies.get(variant.folder) as Copies;
  const measured = await load(variant);
  const client = (of: 'bare' | 'measured'): Client => new ({ bare, measured })[of]('sk_test_unused') as unknown as Client;
  describe(variant.title, async () => {
    webhookFaults({
      measured: await subjectOf(variant, measured),
      bare: await subjectOf(variant, bare),
      acts: {
        'a new client': (of) => {
          const stripe = client(of);
          const { body } = snapshot('plan.created', { id: 'plan_1', object: 'plan' });
          const described = [stripe.webhooks, stripe.webhooks.signature].map((object) =>
            Object.entries(object as object).map(([key, value]) => [key, typeof value === 'function' ? [value.name, value.length] : typeof value]),
          );
          return [described, stripe.webhooks.constructEvent(body, signatureOf(stripe, body), SECRET).type];
        },
        'a bundled client': (of) => {
          const { webhooks } = new bundled('sk_test_unused');
          const stripe = { webhooks: { ...webhooks, signature: { ...webhooks.signature } } };
          if (of === 'measured' && instrumentStripe(stripe) !== stripe) return 'another one';
          const { body } = snapshot('plan.created', { id: 'plan_1', object: 'plan' });
          return stripe.webhooks.constructEvent(body, signatureOf(stripe as unknown as Client, body), SECRET).type;
        },
        'something that is no client': (of) => of === 'bare' || instrumentStripe(undefined as never) === undefined,
        'a purchase whose plan nobody tells': (of) => {
          // The one timer that looks after such purchases may be a real one.
          const held = runtime.shared.get('webhooks.held') as { timer: NodeJS.Timeout | undefined; purchases: Set<unknown> };
          clearTimeout(held.timer);
          held.timer = undefined;
          held.purchases.clear();
          vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
          try {
            const stripe = client(of);
            const charge = { id: `ch_${randomUUID()}`, object: 'charge', captured: true, amount: 500, amount_captured: 500, currency: 'usd' };
            const { body } = snapshot('charge.succeeded', charge);
            const { type } = stripe.webhooks.constructEvent(body, signatureOf(stripe, body), SECRET);
            vi.advanceTimersByTime(60_000);
            return type;
          } finally {
            vi.useRealTimers();
          }
        },
      },
      places: placesIn(new URL('..', import.meta.url)),
    });
  });
}
