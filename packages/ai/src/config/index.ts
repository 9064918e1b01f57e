import * as v from 'valibot';
import type { AiConfiguration } from '../configuration.ts';

export type { AiConfiguration };

/** The part `ai` of a configuration file. */
export const aiConfiguration = v.strictObject({
  prices: v.optional(v.pipe(v.string(), v.nonEmpty('must be the path of a price file'))),
  estimate: v.optional(v.boolean()),
}) satisfies v.GenericSchema<AiConfiguration>;
