import type { MetricSpec } from '@tallyman/catalog';
import { type PointAttributes, readMetrics } from '@tallyman/core';

type Named = Pick<MetricSpec, 'name'>;

function points(metric: Named, attributes: PointAttributes) {
  const found = readMetrics().find((reading) => reading.metric.name === metric.name)?.points ?? [];
  return found.filter((point) => Object.entries(attributes).every(([key, value]) => point.attributes[key] === value));
}

/** Sum of the values of this process's series that have these attributes; undefined when there is none. */
export function currentValue(metric: Named, attributes: PointAttributes): number | undefined {
  const found = points(metric, attributes);
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}

/** Number of measurements of this process's histogram series that have these attributes. */
export function currentCount(metric: Named, attributes: PointAttributes): number {
  return points(metric, attributes).reduce((sum, { count }) => sum + count, 0);
}
