import * as v from 'valibot';

const name = v.pipe(v.string(), v.nonEmpty('must not be empty'), v.maxLength(100, 'must not be longer than 100 characters'));
const weight = v.pipe(v.number(), v.finite('must be finite'), v.minValue(0, 'must not be negative'));

/** The part `webhooks` of a configuration file. */
export const webhooksConfiguration = v.strictObject({
  /** Money counts only from deliveries that the provider's SDK has verified in this process, also for providers whose SDK has no verification. */
  strict: v.optional(v.boolean()),
  /** What a purchase is called in `plan`, by price id, product id, lookup key, nickname or `metadata.plan`. */
  plans: v.optional(v.record(v.string(), name)),
  /** Which features a plan pays for: plan to feature to weight. */
  earns: v.optional(v.record(v.string(), v.record(v.string(), weight))),
  /** Where deliveries of providers without a recognisable header arrive: provider to path. */
  paths: v.optional(v.record(v.string(), v.pipe(v.string(), v.startsWith('/', 'must start with /')))),
});

/** The validated part `webhooks` of a configuration. */
export type WebhooksConfiguration = Readonly<v.InferOutput<typeof webhooksConfiguration>>;
