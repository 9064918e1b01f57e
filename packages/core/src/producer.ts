import type { HrTime } from '@opentelemetry/api';
import { type Point, type Reading, readMetrics } from './read.ts';

/** Data point types of sdk-metrics 3.1 (`DataPointType`). */
const HISTOGRAM = 0;
const GAUGE = 2;
const SUM = 3;
/** `AggregationTemporality.CUMULATIVE` of sdk-metrics 3.1. */
const CUMULATIVE = 1;

/** A metric in the shape of sdk-metrics 3.1's `MetricData`. */
export interface ProducedMetric {
  readonly descriptor: {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
    readonly valueType: 1;
  };
  readonly aggregationTemporality: typeof CUMULATIVE;
  readonly dataPointType: typeof HISTOGRAM | typeof GAUGE | typeof SUM;
  readonly isMonotonic?: boolean;
  readonly dataPoints: readonly { readonly attributes: Point['attributes']; readonly startTime: HrTime; readonly endTime: HrTime; readonly value: unknown }[];
}

/** What a reader receives: sdk-metrics 3.1's `ResourceMetrics`. */
export interface ProducedMetrics {
  readonly resource: unknown;
  readonly scopeMetrics: readonly { readonly scope: { readonly name: string; readonly version: string }; readonly metrics: readonly ProducedMetric[] }[];
}

/** All series of the process in the shape that sdk-metrics' readers and serialisers take, read synchronously; temporality is cumulative. */
export function produceMetrics(resource: unknown, version: string): ProducedMetrics {
  const endTime = hrTime(Date.now());
  const scopes = new Map<string, ProducedMetric[]>();
  for (const reading of readMetrics()) {
    const metrics = scopes.get(reading.metric.scope);
    const metric = produce(reading, endTime);
    if (metrics === undefined) scopes.set(reading.metric.scope, [metric]);
    else metrics.push(metric);
  }
  return { resource, scopeMetrics: [...scopes].map(([name, metrics]) => ({ scope: { name, version }, metrics })) };
}

/** A MetricProducer (sdk-metrics 3.1) that hands all series of the process to one reader. */
export function createMetricProducer(resource: unknown, version: string): { collect(): Promise<{ resourceMetrics: ProducedMetrics; errors: unknown[] }> } {
  return { collect: async () => ({ resourceMetrics: produceMetrics(resource, version), errors: [] }) };
}

function produce({ metric, points }: Reading, endTime: HrTime): ProducedMetric {
  const { name, description, unit, instrument, buckets } = metric;
  const isHistogram = instrument === 'histogram';
  return {
    descriptor: { name, description, unit, valueType: 1 },
    aggregationTemporality: CUMULATIVE,
    dataPointType: isHistogram ? HISTOGRAM : instrument === 'gauge' ? GAUGE : SUM,
    ...(!isHistogram && instrument !== 'gauge' && { isMonotonic: instrument === 'counter' }),
    dataPoints: points.map(({ attributes, startTime, value, count, counts }) => ({
      attributes,
      startTime: hrTime(startTime),
      endTime,
      value: isHistogram ? { buckets: { boundaries: buckets ?? [], counts: [...counts] }, sum: value, count } : value,
    })),
  };
}

function hrTime(milliseconds: number): HrTime {
  return [Math.trunc(milliseconds / 1000), Math.trunc(milliseconds % 1000) * 1_000_000];
}
