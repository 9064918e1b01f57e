import { promLabel } from '@tallyman/catalog';
import { type LabelOf, type Queryable, type Scope, select, type Where } from './selector.ts';

/** A PromQL expression, whatever its labels. */
export interface AnyExpression {
  /** The attributes that tell the series of the result apart. */
  readonly labels: readonly string[];
  /** Every metric that it reads, once. */
  readonly metrics: readonly Queryable[];
  /** Needs parentheses beside an operator. */
  readonly compound: boolean;
  render(scope: Scope): string;
}

/** A PromQL expression whose series differ in exactly these attributes, so that two can be divided only when their labels are the same. */
export interface Expression<in out L extends string> extends AnyExpression {
  readonly labels: readonly L[];
}

/** A range: a duration, or one of Grafana's variables. */
export type Range = '$__rate_interval' | '$__interval' | '$__range' | `${number}${'m' | 'h' | 'd'}`;

/** What to read of a metric: `by` keeps labels and sums or picks over the others. */
export interface Selection<M extends Queryable, L extends LabelOf<M>> {
  readonly by?: readonly L[];
  readonly where?: Where<M>;
}

/** A selection over a range of time. */
export interface RangeSelection<M extends Queryable, L extends LabelOf<M>> extends Selection<M, L> {
  readonly over?: Range;
}

// The builders return `Expression<NoInfer<L>>`: without it, one that is called without `by` would take the labels that its place wants.

type Histogram = Queryable & { readonly instrument: 'histogram' };
type Countable = Queryable & { readonly instrument: 'counter' | 'histogram' };
type Gauge = Queryable & { readonly instrument: 'gauge' | 'updowncounter' };

/** How far back a series must have been seen to count as known when a range began. */
const KNOWN = '1h';

/** Events of a counter, or measurements of a histogram, per second; summed by `by`, over `$__rate_interval` unless told. */
export function rate<const M extends Countable, const L extends LabelOf<M> = never>(metric: M, selection: RangeSelection<M, L> = {}): Expression<NoInfer<L>> {
  const { by = [], over = '$__rate_interval' } = selection;
  return expression(by, [metric], (scope) => `sum${grouping(by)} (rate(${select(scope, metric, selection.where, countSuffix(metric))}[${over}]))`);
}

/**
 * What a counter, or the number of a histogram's measurements, gained; summed by `by`, over `$__range` unless told.
 * A series that was not there in the hour before counts in full: PromQL's own `increase` begins at its first sample and so loses
 * the first event of every new series, which for rare ones is all there is.
 */
export function increase<const M extends Countable, const L extends LabelOf<M> = never>(
  metric: M,
  selection: RangeSelection<M, L> = {},
): Expression<NoInfer<L>> {
  const { by = [], over = '$__range' } = selection;
  return expression(by, [metric], (scope) => {
    const series = select(scope, metric, selection.where, countSuffix(metric));
    const appeared = `max_over_time(${series}[${over}]) unless last_over_time(${series}[${KNOWN}] offset ${over})`;
    return `sum${grouping(by)} ((${appeared}) or increase(${series}[${over}]))`;
  });
}

/**
 * What a counter, or the number of a histogram's measurements, gained in each interval of a graph; summed by `by`.
 * The difference of two readings, exact where `increase` would extrapolate one event to 1.33; a series that is new, or began anew, counts in full.
 */
export function perInterval<const M extends Countable, const L extends LabelOf<M> = never>(metric: M, selection: Selection<M, L> = {}): Expression<NoInfer<L>> {
  const { by = [] } = selection;
  return expression(by, [metric], (scope) => {
    const series = select(scope, metric, selection.where, countSuffix(metric));
    return `sum${grouping(by)} (${series} - last_over_time(${series}[${KNOWN}] offset $__interval) >= 0 or ${series})`;
  });
}

/** A quantile of a histogram, in its unit; `q` from 0 to 1. */
export function quantile<const M extends Histogram, const L extends LabelOf<M> = never>(
  metric: M,
  q: number,
  selection: RangeSelection<M, L> = {},
): Expression<NoInfer<L>> {
  const { by = [] } = selection;
  return expression(by, [metric], (scope) => `histogram_quantile(${q}, ${bucketRates(scope, metric, selection)})`);
}

/** The buckets of a histogram as rates, for a heatmap: besides `by`, its series differ in `le`. */
export function buckets<const M extends Histogram, const L extends LabelOf<M> = never>(
  metric: M,
  selection: RangeSelection<M, L> = {},
): Expression<NoInfer<L>> {
  return expression(selection.by ?? [], [metric], (scope) => bucketRates(scope, metric, selection));
}

function bucketRates<M extends Histogram, L extends LabelOf<M>>(scope: Scope, metric: M, selection: RangeSelection<M, L>): string {
  const { by = [], over = '$__rate_interval' } = selection;
  return `sum by (${['le', ...by.map(promLabel)].join(', ')}) (rate(${select(scope, metric, selection.where, '_bucket')}[${over}]))`;
}

/** The sum of a gauge over processes. */
export function sum<const M extends Gauge, const L extends LabelOf<M> = never>(metric: M, selection: Selection<M, L> = {}): Expression<NoInfer<L>> {
  return aggregate('sum', metric, selection);
}

/** The largest value of a gauge over processes: for what every process reports of the same thing. */
export function max<const M extends Gauge, const L extends LabelOf<M> = never>(metric: M, selection: Selection<M, L> = {}): Expression<NoInfer<L>> {
  return aggregate('max', metric, selection);
}

/** How many series a gauge has: processes, where each has one. */
export function count<const M extends Gauge, const L extends LabelOf<M> = never>(metric: M, selection: Selection<M, L> = {}): Expression<NoInfer<L>> {
  return aggregate('count', metric, selection);
}

/** The largest last value of a gauge within a range, whether or not it still reports. */
export function last<const M extends Gauge, const L extends LabelOf<M> = never>(
  metric: M,
  selection: RangeSelection<M, L> & { readonly over: Range },
): Expression<NoInfer<L>> {
  const { by = [], over } = selection;
  return expression(by, [metric], (scope) => `max${grouping(by)} (last_over_time(${select(scope, metric, selection.where)}[${over}]))`);
}

function aggregate<M extends Gauge, L extends LabelOf<M>>(operator: string, metric: M, { by = [], where }: Selection<M, L>): Expression<L> {
  return expression(by, [metric], (scope) => `${operator}${grouping(by)} (${select(scope, metric, where)})`);
}

function countSuffix({ instrument }: Countable): string {
  return instrument === 'histogram' ? '_count' : '';
}

function grouping(by: readonly string[]): string {
  return by.length === 0 ? '' : ` by (${by.map(promLabel).join(', ')})`;
}

/** Makes an expression of what it reads and how it is written; `compound` when it ends in an operator rather than in a call. */
export function expression<L extends string>(
  labels: readonly L[],
  metrics: readonly Queryable[],
  render: (scope: Scope) => string,
  compound = false,
): Expression<L> {
  return { labels, metrics: [...new Set(metrics)], compound, render };
}
