import { type Adapter, defineInstrumentation } from '@tallyman/core';
import { webhooksConfiguration } from './config/index.ts';
import { adapter as stripe } from './stripe/index.ts';

export type { WebhooksConfiguration } from './configuration.ts';
export type { Money } from './currencies.ts';
export { type Fingerprint, observeDeliveries, reportVerification, type Verification } from './delivery.ts';
export type { Sighting } from './occurrences.ts';
export type { Change, Conversion, Failure, Note, Return, Statement, SubscriptionChange } from './payments.ts';
export { settleHeldPurchases } from './payments.ts';
export type { PlanEvidence } from './plans.ts';
export type { FailureReason, Outcome, VerifiedEvent } from './settlement.ts';

/** The payment providers whose webhooks are measured, one for each folder. */
export const adapters: readonly Adapter[] = [stripe];

/** Payment webhooks for an OpenTelemetry SDK of the application's own: `new NodeSDK({ instrumentations: [new WebhookInstrumentation()] })`. */
export const WebhookInstrumentation = /* @__PURE__ */ defineInstrumentation({
  name: '@tallyman/webhooks',
  part: 'webhooks',
  schema: webhooksConfiguration,
  adapters,
});
