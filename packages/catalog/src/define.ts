/** A lifetime bound or a closed set: what keeps the number of an attribute's values finite. */
export interface Attribute {
  readonly description: string;
  /** The closed set of values; the compiler refuses any other, and a value that arrives untyped is recorded as `_OTHER`. */
  readonly values?: readonly string[];
  /** For an open attribute: how many different values one process records in its lifetime; further ones are recorded as `_OTHER`. */
  readonly cap?: number;
  /** The cap counts separately for each value of this other attribute. */
  readonly per?: string;
  /** `int` attributes travel as numbers; all others are strings. */
  readonly type?: 'int';
  /** Absent from a data point when not known. */
  readonly optional?: true;
}

/** Which OpenTelemetry instrument a metric is; `updowncounter` and `gauge` both become Prometheus gauges. */
export type InstrumentKind = 'counter' | 'updowncounter' | 'gauge' | 'histogram';

/**
 * Another series that starts at 0 as soon as a series of this metric appears, so that a ratio of the two has an answer from the first event on.
 * Attributes that both metrics declare are copied, `set` overrides them, and an open attribute that is left over becomes `_OTHER`.
 */
export interface Sibling {
  /** Key of the sibling within the same group; absent: this metric itself with other values. */
  readonly metric?: string;
  readonly set?: Readonly<Record<string, string>>;
}

/** One metric as data: everything that recording, PromQL, panels, rules and tables need to know of it. */
export interface MetricSpec {
  /** The OpenTelemetry instrument name. */
  readonly name: string;
  readonly instrument: InstrumentKind;
  /** UCUM unit; an annotation such as `{token}` adds nothing to the Prometheus name. */
  readonly unit: string;
  /** What the number counts: HELP text and instrument description. */
  readonly description: string;
  /** What the number tells an operator, and what to do about it. */
  readonly meaning: string;
  /** Where name and attributes come from: the OpenTelemetry semantic conventions, the names of the KPI guides, or Tallyman. */
  readonly source: 'semconv' | 'guide' | 'tallyman';
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Upper bounds of a histogram's buckets, ascending, in the metric's unit. */
  readonly buckets?: readonly number[];
  readonly siblings?: readonly Sibling[];
}

/** A metric with the instrumentation scope that it is exported under. */
export type Metric<M extends MetricSpec = MetricSpec> = M & { readonly scope: string };

type ValueOf<A> = A extends { readonly values: readonly (infer V)[] } ? V : A extends { readonly type: 'int' } ? number : string;
type OptionalKey<R> = { [K in keyof R]: R[K] extends { readonly optional: true } ? K : never }[keyof R];

/** The attributes that a metric's recorder accepts: required ones, and optional ones that may be absent or undefined. */
export type AttributesOf<M extends MetricSpec> = {
  readonly [K in Exclude<keyof M['attributes'], OptionalKey<M['attributes']>>]: ValueOf<M['attributes'][K]>;
} & { readonly [K in OptionalKey<M['attributes']>]?: ValueOf<M['attributes'][K]> | undefined };

/** Declares a group of metrics of one instrumentation scope; literals stay literal, so the value is its own type. */
export function defineMetrics<const G extends Readonly<Record<string, MetricSpec>>>(scope: string, group: G): { readonly [K in keyof G]: Metric<G[K]> } {
  return Object.fromEntries(Object.entries(group).map(([key, spec]) => [key, { ...spec, scope }])) as { [K in keyof G]: Metric<G[K]> };
}

/** The same attribute, absent when not known. */
export function optional<const A extends Attribute>(attribute: A): A & { readonly optional: true } {
  return { ...attribute, optional: true };
}

type AttributeKey<M extends MetricSpec> = M extends MetricSpec ? keyof M['attributes'] & string : never;

/** A second name of a metric, computed from its series when values are read; what is not mapped is summed away. */
export interface AliasSpec<M extends MetricSpec = MetricSpec> extends Omit<MetricSpec, 'source' | 'attributes' | 'siblings'> {
  /** The metrics whose series are summed; all of one kind. */
  readonly from: readonly M[];
  /** `count` reads the number of a histogram's measurements, for a counter of events. */
  readonly take?: 'count';
  /** Only series whose attribute has this value. */
  readonly where?: { readonly [K in AttributeKey<M>]?: string };
  /** Label of the alias -> attribute of the source. */
  readonly labels: Readonly<Record<string, AttributeKey<M>>>;
}

/** A declared alias: a metric like any other to PromQL and panels. */
export type Alias<A extends AliasSpec = AliasSpec> = A &
  Metric<Omit<MetricSpec, 'attributes'> & { readonly attributes: { readonly [L in keyof A['labels']]: Attribute } }>;

/** Declares an alias; its labels take the description and the bounds of the attributes that they map. */
export function defineAlias<const M extends Metric, const L extends Readonly<Record<string, AttributeKey<M>>>, const I extends InstrumentKind>(
  alias: Omit<AliasSpec<M>, 'labels' | 'instrument'> & { readonly labels: L; readonly instrument: I },
): Omit<AliasSpec<M>, 'labels' | 'instrument'> & { readonly labels: L; readonly instrument: I } & Metric<
    Omit<MetricSpec, 'attributes'> & { readonly attributes: { readonly [K in keyof L]: Attribute } }
  > {
  const [source] = alias.from;
  if (source === undefined) throw new TypeError(`alias ${alias.name} has no source metric`);
  const attributes = Object.fromEntries(Object.entries(alias.labels).map(([label, key]) => [label, source.attributes[key] as Attribute]));
  return { ...alias, source: 'guide', scope: source.scope, attributes } as never;
}
