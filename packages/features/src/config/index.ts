import * as v from 'valibot';

const name = v.pipe(v.string(), v.nonEmpty('must not be empty'), v.maxLength(100, 'must not be longer than 100 characters'));
const route = v.pipe(v.string(), v.regex(/^[A-Z]+ \/\S*$/, 'must be written METHOD /template, such as POST /api/match/:id'));
const exportedFunction = v.pipe(v.string(), v.regex(/^[^#]+#[\w$]+$/, 'must be written ./file.js#exportedFunction'));

/** The part `features` of a configuration file: name of a feature to what belongs to it. */
export const featuresConfiguration = v.record(
  name,
  v.strictObject({
    routes: v.optional(v.array(route)),
    jobs: v.optional(v.array(name)),
    functions: v.optional(v.array(exportedFunction)),
    version: v.optional(name),
  }),
);
