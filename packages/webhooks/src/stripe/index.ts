import { type Adapter, safely } from '@tallyman/core';
import { observeDeliveries } from '../delivery.ts';
import { PROVIDER, patchWebhooks, replaceCreateWebhooks, type StripeWebhooks } from './patch.ts';

const start = (): void => observeDeliveries({ provider: PROVIDER, header: 'stripe-signature' });

/** Stripe: the one function that makes every `stripe.webhooks`, static and of instances, in the CommonJS and in the ES form of the package. */
export const adapter: Adapter = {
  name: 'stripe',
  rows: [
    {
      module: 'stripe',
      versions: { from: '17.0.0', below: '24.0.0' },
      files: ['cjs/Webhooks.js', 'esm/Webhooks.js'],
      binding: 'createWebhooks',
      how: 'replace',
      patch: replaceCreateWebhooks,
    },
  ],
  start,
};

/**
 * Measures the webhooks that this client, or the `Stripe` class itself, verifies: for bundled applications, which no module hook can reach.
 * Gives the same client back; does nothing to one that is measured already, and never throws.
 */
export function instrumentStripe<C extends { readonly webhooks: unknown }>(stripe: C): C {
  safely('webhooks.instrument', () => {
    start();
    patchWebhooks(stripe.webhooks as StripeWebhooks);
  });
  return stripe;
}
