import type { HrTime } from '@opentelemetry/api';
import { type Point, type Reading, readMetrics } from './read.ts';
import { runtime } from './runtime.ts';
import { gained, Snapshot } from './snapshot.ts';
import { type Temporality, type TemporalityPreference, temporalityOf } from './temporality.ts';

/** Data point types of sdk-metrics 3.1 (`DataPointType`). */
const HISTOGRAM = 0;
const GAUGE = 2;
const SUM = 3;
/** `AggregationTemporality` of sdk-metrics 3.1. */
const DELTA = 0;
const CUMULATIVE = 1;

/** A metric in the shape of sdk-metrics 3.1's `MetricData`. */
export interface ProducedMetric {
  readonly descriptor: {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
    readonly valueType: 1;
  };
  readonly aggregationTemporality: typeof DELTA | typeof CUMULATIVE;
  readonly dataPointType: typeof HISTOGRAM | typeof GAUGE | typeof SUM;
  readonly isMonotonic?: boolean;
  readonly dataPoints: readonly { readonly attributes: Point['attributes']; readonly startTime: HrTime; readonly endTime: HrTime; readonly value: unknown }[];
}

/** What a reader receives: sdk-metrics 3.1's `ResourceMetrics`. */
export interface ProducedMetrics {
  readonly resource: unknown;
  readonly scopeMetrics: readonly { readonly scope: { readonly name: string; readonly version: string }; readonly metrics: readonly ProducedMetric[] }[];
}

/**
 * Hands the values of the process to one reader, in that reader's temporality, as a MetricProducer of sdk-metrics 3.1; each reader needs one of its own.
 * Delta values reach back to the last delivery that succeeded, to what it held: what a failed one held comes again with the next.
 */
export class MetricProducer {
  readonly #resource: unknown;
  readonly #version: string;
  readonly #preference: TemporalityPreference;
  #produced: Snapshot | undefined;
  #sending: Snapshot | undefined;
  #delivered: Snapshot | undefined;
  #final: Snapshot | undefined;

  constructor(resource: unknown, version: string, preference: TemporalityPreference) {
    this.#resource = resource;
    this.#version = version;
    this.#preference = preference;
  }

  /** For the reader: what is to be delivered now. */
  async collect(): Promise<{ resourceMetrics: ProducedMetrics; errors: unknown[] }> {
    return { resourceMetrics: this.produce(), errors: [] };
  }

  /** What is to be delivered now, read synchronously: delta values on top of those that are on their way. */
  produce(resource = this.#resource): ProducedMetrics {
    const snapshot = this.#final ?? new Snapshot(readMetrics(this));
    // Values are remembered only where the next delivery is told by them.
    this.#produced = this.#preference === 'cumulative' && this.#final === undefined ? new Snapshot([]) : snapshot;
    const scopes = new Map<string, ProducedMetric[]>();
    for (const reading of this.isFinished ? [] : snapshot.readings) {
      const metric = this.#metric(reading, snapshot);
      if (metric === undefined) continue;
      const metrics = scopes.get(reading.metric.scope);
      if (metrics === undefined) scopes.set(reading.metric.scope, [metric]);
      else metrics.push(metric);
    }
    return { resource, scopeMetrics: [...scopes].map(([name, metrics]) => ({ scope: { name, version: this.#version }, metrics })) };
  }

  /** What was produced last is on its way; the function that is returned takes whether it has arrived. */
  send(): (hasArrived: boolean) => void {
    const sent = this.#produced;
    this.#sending = sent;
    return (hasArrived) => {
      // An older one that ends late tells nothing of a newer one that has arrived.
      if (hasArrived && sent !== undefined && sent.changes >= (this.#delivered?.changes ?? 0)) this.#delivered = sent;
      if (this.#sending === sent) this.#sending = undefined;
    };
  }

  /** What is on its way will not arrive: nothing carries it any more. */
  lose(): void {
    this.#sending = undefined;
  }

  /** Another takes over: these values are the last ones, produced until they are delivered. */
  finish(last: Snapshot): void {
    this.#final ??= last.final();
  }

  /** Whether another has taken over and the last values are delivered. */
  get isFinished(): boolean {
    return this.#final !== undefined && this.#delivered === this.#final;
  }

  /** Whether the process has, or has on its way, nothing that is not delivered. */
  get isDelivered(): boolean {
    if (this.#final !== undefined) return this.isFinished;
    return (this.#onItsWay() ?? this.#delivered)?.changes === runtime.registry.changes;
  }

  /** Cumulative values can be sent again without harm, so only delta values trust what has not been answered yet. */
  #onItsWay(): Snapshot | undefined {
    return this.#preference === 'cumulative' ? undefined : this.#sending;
  }

  #metric({ metric, isObserved, points }: Reading, { time }: Snapshot): ProducedMetric | undefined {
    const temporality = temporalityOf(this.#preference, metric.instrument, isObserved);
    const since = temporality === 'delta' ? (this.#sending ?? this.#delivered) : undefined;
    const told = since === undefined ? points : points.map((point) => gained(point, metric.name, since)).filter((point) => point !== undefined);
    return told.length === 0 ? undefined : shaped(metric, told, temporality, time);
  }
}

/** A producer of all series of the process for one reader; cumulative unless its exporter prefers otherwise. */
export function createMetricProducer(resource: unknown, version: string, preference: TemporalityPreference = 'cumulative'): MetricProducer {
  return new MetricProducer(resource, version, preference);
}

function shaped(metric: Reading['metric'], points: readonly Point[], temporality: Temporality, time: number): ProducedMetric {
  const { name, description, unit, instrument, buckets } = metric;
  const isHistogram = instrument === 'histogram';
  return {
    descriptor: { name, description, unit, valueType: 1 },
    aggregationTemporality: temporality === 'delta' ? DELTA : CUMULATIVE,
    dataPointType: isHistogram ? HISTOGRAM : instrument === 'gauge' ? GAUGE : SUM,
    ...(!isHistogram && instrument !== 'gauge' && { isMonotonic: instrument === 'counter' }),
    dataPoints: points.map(({ attributes, startTime, value, count, counts }) => ({
      attributes,
      // The clock may have been set back meanwhile.
      startTime: hrTime(Math.min(startTime, time)),
      endTime: hrTime(time),
      value: isHistogram ? { buckets: { boundaries: buckets ?? [], counts: [...counts] }, sum: value, count } : value,
    })),
  };
}

function hrTime(milliseconds: number): HrTime {
  return [Math.trunc(milliseconds / 1000), Math.trunc(milliseconds % 1000) * 1_000_000];
}
