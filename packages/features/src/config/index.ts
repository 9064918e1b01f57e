import * as v from 'valibot';

const name = v.pipe(v.string(), v.nonEmpty('must not be empty'), v.maxLength(100, 'must not be longer than 100 characters'));
const route = v.pipe(v.string(), v.regex(/^[A-Z]+ \/\S*$/, 'must be written METHOD /template, such as POST /api/match/:id'));

const feature = v.strictObject({
  routes: v.optional(v.array(route)),
  jobs: v.optional(v.array(name)),
  version: v.optional(name),
});

/** A route or job that two features name, which could count for one of them only. */
function namedTwice(features: Readonly<Record<string, v.InferOutput<typeof feature>>>): string | undefined {
  const owners = new Map<string, string>();
  for (const [owner, { routes = [], jobs = [] }] of Object.entries(features)) {
    for (const part of [...routes, ...jobs]) {
      const other = owners.get(part);
      if (other !== undefined && other !== owner) return `${part} (${other} and ${owner})`;
      owners.set(part, owner);
    }
  }
  return undefined;
}

/** The part `features` of a configuration file: name of a feature to what belongs to it. */
export const featuresConfiguration = v.pipe(
  v.record(name, feature),
  v.check(
    (features) => namedTwice(features) === undefined,
    ({ input }) => `must not name a route or job in two features: ${namedTwice(input as Parameters<typeof namedTwice>[0])}`,
  ),
);
