import type { AttributesOf, MetricSpec } from '@tallyman/catalog';

/** One series as it stands: a metric's value for one set of attributes. */
export interface Series {
  /** The OpenTelemetry name of the metric. */
  readonly metric: string;
  /** The attributes by their OpenTelemetry keys, all values as text. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The total of a counter, the last value of a gauge, the number of measurements of a histogram. */
  readonly value: number;
}

/** Reads all series anew, wherever they are kept; may reject. */
export type SeriesSource = () => Promise<readonly Series[]>;

/** The attributes that a series must have to be counted; undefined: the attribute must be absent. */
export type Filter<M extends MetricSpec> = { readonly [K in keyof AttributesOf<M>]?: AttributesOf<M>[K] | undefined };

/** The series of a metric that have these attributes. */
export function select<M extends MetricSpec>(series: readonly Series[], metric: M, filter: Filter<M> = {}): Series[] {
  const wanted = Object.entries(filter);
  return series.filter(
    (one) => one.metric === metric.name && wanted.every(([key, value]) => one.attributes[key] === (value === undefined ? undefined : String(value))),
  );
}

/** The sum over the series of a metric that have these attributes; undefined when there is none. */
export function sum<M extends MetricSpec>(series: readonly Series[], metric: M, filter: Filter<M> = {}): number | undefined {
  const selected = select(series, metric, filter);
  return selected.length === 0 ? undefined : selected.reduce((total, { value }) => total + value, 0);
}

/** The sums by the values of one attribute, in the order of their appearance; series without it are left out. */
export function sumBy<M extends MetricSpec>(
  series: readonly Series[],
  metric: M,
  key: keyof AttributesOf<M> & string,
  filter: Filter<M> = {},
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { attributes, value } of select(series, metric, filter)) {
    const group = attributes[key];
    if (group !== undefined) sums.set(group, (sums.get(group) ?? 0) + value);
  }
  return sums;
}
