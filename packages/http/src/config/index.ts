import * as v from 'valibot';
import type { HttpConfiguration } from '../configuration.ts';

export type { HttpConfiguration };

const path = v.pipe(v.string(), v.regex(/^\/[^?#\s]*$/, 'must be a path: it starts with / and has no query'));

/** The part `http` of a configuration file. */
export const httpConfiguration = v.union(
  [v.literal(false), v.strictObject({ ignorePaths: v.optional(v.array(path)) })],
  'must be false or an object with ignorePaths, a list of paths that start with / and have no query',
) satisfies v.GenericSchema<HttpConfiguration | false>;
