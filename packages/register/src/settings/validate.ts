import { aiConfiguration } from '@tallyman/ai/config';
import type { Configuration } from '@tallyman/core';
import { featuresConfiguration } from '@tallyman/features/config';
import { httpConfiguration } from '@tallyman/http/config';
import { queuesConfiguration } from '@tallyman/queues/config';
import { webhooksConfiguration } from '@tallyman/webhooks/config';
import * as v from 'valibot';

const cap = v.optional(
  v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(1, 'must be at least 1'), v.maxValue(10_000, 'must be at most 10000')),
);

/** Most problems that are named; a line must stay readable. */
const MOST_PROBLEMS = 10;
/** The longest value that is quoted. */
const LONGEST_VALUE = 60;

/** Everything that a configuration file may hold; each domain declares its own part. */
export const schema = v.strictObject({
  features: v.optional(featuresConfiguration),
  user: v.optional(v.function('must be a function of the request that gives the id of its user')),
  ai: v.optional(aiConfiguration),
  webhooks: v.optional(webhooksConfiguration),
  queues: v.optional(queuesConfiguration),
  http: v.optional(httpConfiguration),
  budget: v.optional(v.strictObject({ monthlyUsd: v.optional(v.pipe(v.number(), v.minValue(0, 'must not be negative'))) })),
  exportAppMetrics: v.optional(v.boolean()),
  caps: v.optional(v.strictObject({ features: cap, models: cap, eventTypes: cap, queues: cap, jobTypes: cap, errorTypes: cap, routes: cap })),
});

/** Validates what a configuration file holds: the configuration, or what is wrong with each key and what is allowed there. */
export function validateConfiguration(input: unknown): { readonly configuration?: Configuration; readonly problems: readonly string[] } {
  const result = v.safeParse(schema, input);
  if (result.success) return { configuration: result.output as Configuration, problems: [] };
  const { length } = result.issues;
  const problems = result.issues.slice(0, MOST_PROBLEMS).map(describe);
  return { problems: length > MOST_PROBLEMS ? [...problems, `and ${length - MOST_PROBLEMS} more`] : problems };
}

function describe(issue: v.BaseIssue<unknown>): string {
  const keys = (issue.path ?? []).map(({ key }) => shortened(String(key)));
  const where = keys.length === 0 ? 'the configuration' : keys.join('.');
  if (issue.type === 'strict_object' && issue.expected === 'never') return describeUnknown(issue, keys.slice(0, -1));
  if (issue.type === 'picklist') return `${where} is ${shortened(issue.received)}; allowed are ${issue.expected}`;
  return issue.kind === 'validation' || !issue.message.startsWith('Invalid')
    ? `${where} ${issue.message}`
    : `${where} must be ${issue.expected ?? 'something else'}, not ${shortened(issue.received)}`;
}

/** The issue tells of the first unknown key alone. */
function describeUnknown({ path }: v.BaseIssue<unknown>, parent: readonly string[]): string {
  const allowed = keysAt(schema, parent);
  const unknown = Object.keys((path?.at(-1)?.input ?? {}) as object).filter((key) => !allowed.includes(key));
  const named = unknown.slice(0, MOST_PROBLEMS).map((key) => [...parent, shortened(key)].join('.'));
  const more = unknown.length > named.length ? ` and ${unknown.length - named.length} more` : '';
  return `${named.join(', ')}${more} ${unknown.length === 1 ? 'is' : 'are'} not known${allowed.length === 0 ? '' : `; allowed are ${allowed.join(', ')}`}`;
}

function shortened(value: string): string {
  return value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}...` : value;
}

interface AnySchema {
  readonly entries?: Readonly<Record<string, AnySchema>>;
  readonly wrapped?: AnySchema;
  readonly value?: AnySchema;
  readonly item?: AnySchema;
  readonly options?: readonly unknown[];
}

/** The keys that the schema allows at a path. */
function keysAt(start: unknown, path: readonly string[]): string[] {
  const at = path.reduce<AnySchema | undefined>((current, key) => {
    const within = unwrap(current);
    return within?.entries?.[key] ?? within?.value ?? within?.item;
  }, start as AnySchema);
  return Object.keys(unwrap(at)?.entries ?? {});
}

function unwrap(current: AnySchema | undefined): AnySchema | undefined {
  if (current?.wrapped !== undefined) return unwrap(current.wrapped);
  const objects = current?.options?.filter((option): option is AnySchema => typeof option === 'object' && option !== null && 'entries' in option);
  return objects?.[0] ?? current;
}
