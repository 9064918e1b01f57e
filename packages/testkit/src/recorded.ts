import type { MetricSpec } from '@tallyman/catalog';
import { type PointAttributes, readMetrics } from '@tallyman/core';

/** What one series gained: the value added (a gauge: its value) and, of a histogram, the number of measurements. */
export interface RecordedSeries {
  readonly attributes: PointAttributes;
  readonly value: number;
  readonly count: number;
}

/** What was recorded in this process while a piece of work ran. */
export interface Recorded {
  /** Series of a metric that appeared or changed. */
  series(metric: Pick<MetricSpec, 'name'>): RecordedSeries[];
  /** Sum of the added values over the series that have these attributes. */
  value(metric: Pick<MetricSpec, 'name'>, attributes?: PointAttributes): number;
  /** Number of added measurements over the series that have these attributes. */
  count(metric: Pick<MetricSpec, 'name'>, attributes?: PointAttributes): number;
}

type Snapshot = Map<string, Map<string, RecordedSeries>>;

/** Runs the work and tells what this process recorded meanwhile, by comparing all series before and after. */
export async function recordedBy(work: () => unknown): Promise<Recorded> {
  const before = snapshot();
  await work();
  const after = snapshot();
  const series = ({ name }: Pick<MetricSpec, 'name'>): RecordedSeries[] => {
    const earlier = before.get(name);
    return [...(after.get(name) ?? [])]
      .map(([key, { attributes, value, count }]) => ({
        attributes,
        value: value - (earlier?.get(key)?.value ?? 0),
        count: count - (earlier?.get(key)?.count ?? 0),
        isNew: !earlier?.has(key),
      }))
      .filter(({ value, count, isNew }) => isNew || value !== 0 || count !== 0)
      .map(({ attributes, value, count }) => ({ attributes, value, count }));
  };
  const matching = (metric: Pick<MetricSpec, 'name'>, attributes: PointAttributes = {}) =>
    series(metric).filter((one) => Object.entries(attributes).every(([key, value]) => one.attributes[key] === value));
  return {
    series,
    value: (metric, attributes) => matching(metric, attributes).reduce((sum, { value }) => sum + value, 0),
    count: (metric, attributes) => matching(metric, attributes).reduce((sum, { count }) => sum + count, 0),
  };
}

function snapshot(): Snapshot {
  return new Map(
    readMetrics().map(({ metric, points }) => [
      metric.name,
      new Map(points.map(({ attributes, value, count }) => [JSON.stringify(attributes), { attributes, value, count }])),
    ]),
  );
}
