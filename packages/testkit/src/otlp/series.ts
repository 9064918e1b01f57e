import type { AnyValue, ExportMetricsRequest, HistogramPoint, KeyValue, Metric, NumberPoint } from './request.ts';

/** Attributes of a point or a resource. */
export type OtlpAttributes = Readonly<Record<string, OtlpAttribute>>;

/** A value of an attribute. */
export type OtlpAttribute = string | number | boolean | readonly OtlpAttribute[];

/** What a histogram holds beside its count: one bucket more than bounds, not cumulative. */
export interface OtlpHistogram {
  readonly count: number;
  readonly sum: number;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly bounds: readonly number[];
  readonly buckets: readonly number[];
}

/** A series as it stands after all that was received. */
export interface OtlpSeries {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  /** The name of the instrumentation scope. */
  readonly scope: string;
  readonly type: 'sum' | 'gauge' | 'histogram';
  /** True for a counter. */
  readonly monotonic: boolean;
  readonly temporality: 'cumulative' | 'delta' | undefined;
  readonly attributes: OtlpAttributes;
  readonly resource: OtlpAttributes;
  /** The sum, the gauge's last value, or the histogram's count. */
  readonly value: number;
  readonly histogram: OtlpHistogram | undefined;
}

/** All series that were received: a cumulative point replaces the one before it, a delta point is added to it. */
export class SeriesStore {
  readonly #series = new Map<string, OtlpSeries>();

  /** Takes the points of a request. */
  apply(request: ExportMetricsRequest): void {
    for (const { resource, scopeMetrics = [] } of request.resourceMetrics ?? []) {
      const resourceAttributes = attributesOf(resource?.attributes);
      for (const { scope, metrics = [] } of scopeMetrics) {
        for (const metric of metrics) {
          for (const series of seriesOf(metric, scope?.name ?? '', resourceAttributes)) this.#put(series);
        }
      }
    }
  }

  /** The series of a name, of all resources, in the order of their first appearance. */
  of(name: string): OtlpSeries[] {
    return this.all().filter((series) => series.name === name);
  }

  /** All series. */
  all(): OtlpSeries[] {
    return [...this.#series.values()];
  }

  #put(series: OtlpSeries): void {
    const instance = series.resource['service.instance.id'] ?? canonical(series.resource);
    const key = JSON.stringify([instance, series.scope, series.name, canonical(series.attributes)]);
    const before = this.#series.get(key);
    this.#series.set(key, before && series.temporality === 'delta' ? added(before, series) : series);
  }
}

function canonical(attributes: OtlpAttributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function added(before: OtlpSeries, delta: OtlpSeries): OtlpSeries {
  const value = before.value + delta.value;
  if (!before.histogram || !delta.histogram) return { ...delta, value };
  const { sum, buckets } = before.histogram;
  const histogram = {
    ...delta.histogram,
    count: value,
    sum: sum + delta.histogram.sum,
    buckets: delta.histogram.buckets.map((count, index) => count + (buckets[index] ?? 0)),
  };
  return { ...delta, value, histogram };
}

function seriesOf(metric: Metric, scope: string, resource: OtlpAttributes): OtlpSeries[] {
  const { name, unit = '', description = '', sum, gauge, histogram } = metric;
  const common = { name, unit, description, scope, resource, histogram: undefined, monotonic: false, temporality: undefined };
  const fromNumber = (point: NumberPoint) => ({ attributes: attributesOf(point.attributes), value: Number(point.asDouble ?? point.asInt ?? 0) });
  if (sum) {
    const kind = { type: 'sum', monotonic: sum.isMonotonic === true, temporality: temporalityOf(sum.aggregationTemporality) } as const;
    return (sum.dataPoints ?? []).map((point) => ({ ...common, ...kind, ...fromNumber(point) }));
  }
  if (gauge) return (gauge.dataPoints ?? []).map((point) => ({ ...common, type: 'gauge', ...fromNumber(point) }));
  const temporality = temporalityOf(histogram?.aggregationTemporality);
  return (histogram?.dataPoints ?? []).map((point) => ({ ...common, type: 'histogram', monotonic: true, temporality, ...fromHistogram(point) }));
}

function fromHistogram(point: HistogramPoint) {
  const { sum = 0, min, max, explicitBounds: bounds = [], bucketCounts = [] } = point;
  const count = Number(point.count ?? 0);
  const histogram = { count, sum, min, max, bounds, buckets: bucketCounts.map(Number) };
  return { attributes: attributesOf(point.attributes), value: count, histogram };
}

function temporalityOf(code: number | undefined): 'cumulative' | 'delta' | undefined {
  return code === 2 ? 'cumulative' : code === 1 ? 'delta' : undefined;
}

function attributesOf(attributes: readonly KeyValue[] = []): OtlpAttributes {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value ?? {})]));
}

function plainValue(value: AnyValue): OtlpAttribute {
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(plainValue);
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? '';
}
