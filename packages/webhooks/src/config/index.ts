import * as v from 'valibot';
import type { WebhooksConfiguration } from '../configuration.ts';

export type { WebhooksConfiguration };

const name = v.pipe(v.string(), v.nonEmpty('must not be empty'), v.maxLength(100, 'must not be longer than 100 characters'));
const weight = v.pipe(v.number(), v.finite('must be finite'), v.minValue(0, 'must not be negative'));

/** The part `webhooks` of a configuration file. */
export const webhooksConfiguration = v.strictObject({
  strict: v.optional(v.boolean()),
  plans: v.optional(v.record(v.string(), name)),
  earns: v.optional(v.record(v.string(), v.record(v.string(), weight))),
  paths: v.optional(v.record(v.string(), v.pipe(v.string(), v.startsWith('/', 'must start with /')))),
}) satisfies v.GenericSchema<WebhooksConfiguration>;
