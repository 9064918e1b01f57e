import { type MetricSpec, promLabel, promName } from '@tallyman/catalog';

/** What PromQL can ask for: a metric of the catalog, or an alias. */
export type Queryable = Pick<MetricSpec, 'name' | 'instrument' | 'unit' | 'description' | 'meaning' | 'attributes'>;

/** The labels that a metric has: its attributes, and the service that every series carries. */
export type LabelOf<M extends Queryable> = (keyof M['attributes'] & string) | 'service';

/** A condition on a label that is no plain equality. */
export interface Matcher<V extends string> {
  readonly operator: '!=' | '=~' | '!~';
  /** Joined by `|`; for a pattern the one regular expression. */
  readonly values: readonly V[];
}

/** The label has another value. */
export function not<const V extends string>(value: V): Matcher<V> {
  return { operator: '!=', values: [value] };
}

/** The label has one of these values. */
export function oneOf<const V extends string>(...values: readonly V[]): Matcher<V> {
  return { operator: '=~', values };
}

/** The label is there: an optional attribute that is known. */
export const known: Matcher<never> = { operator: '!=', values: ['' as never] };

/** The whole label matches this regular expression (RE2). */
export function matching(pattern: string): Matcher<never> {
  return { operator: '=~', values: [pattern as never] };
}

type ValueOf<A> = A extends { readonly values: readonly (infer V extends string)[] } ? V : string;

/** Conditions on a metric's labels: a value, for a closed attribute one of its values, or a matcher. */
export type Where<M extends Queryable> = { readonly service?: string | Matcher<string> } & {
  readonly [K in keyof M['attributes']]?: ValueOf<M['attributes'][K]> | Matcher<ValueOf<M['attributes'][K]>>;
};

/** Where an expression is read: the matchers that every selector gets besides its own. */
export interface Scope {
  readonly matchers: readonly string[];
}

/** Panels show the services that the dashboard's variable selects. */
export const dashboardScope: Scope = { matchers: ['service=~"$service"'] };

/** Rules look at all services. */
export const ruleScope: Scope = { matchers: [] };

/** The vector selector of a metric: `name_suffix{label="value"}`. */
export function select<M extends Queryable>(scope: Scope, metric: M, where: Where<M> | undefined, suffix = ''): string {
  const conditions = Object.entries((where ?? {}) as Record<string, string | Matcher<string>>).map(
    ([attribute, condition]) => `${promLabel(attribute)}${render(condition)}`,
  );
  const matchers = [...conditions, ...scope.matchers].join(', ');
  return `${promName(metric)}${suffix}${matchers && `{${matchers}}`}`;
}

function render(condition: string | Matcher<string>): string {
  const { operator, values } = typeof condition === 'string' ? { operator: '=', values: [condition] } : condition;
  return `${operator}${JSON.stringify(values.join('|'))}`;
}
