import * as v from 'valibot';
import type { QueuesConfiguration } from '../configuration.ts';

export type { QueuesConfiguration };

const name = v.pipe(v.string(), v.nonEmpty('must not be empty'), v.maxLength(100, 'must not be longer than 100 characters'));
/** To valibot a list is an object too. */
const object = v.custom<Record<string, string>>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'must map queues to types');

/** The part `queues` of a configuration file. */
export const queuesConfiguration = v.strictObject({
  depth: v.optional(v.picklist(['on', 'off'])),
  generations: v.optional(v.pipe(object, v.record(name, name))),
}) satisfies v.GenericSchema<QueuesConfiguration>;
