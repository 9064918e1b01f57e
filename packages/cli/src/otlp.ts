import type { Series } from './series.ts';

/** A data point as it was received. */
export interface Point extends Series {
  /** The process that sent it: a restarted one is another. */
  readonly instance: string;
  /** True when the value counts from the point before it, not from the start of the process. */
  readonly isDelta: boolean;
  /** Nanoseconds since the epoch. */
  readonly time: bigint;
}

// The members of opentelemetry-proto 1.x's ExportMetricsServiceRequest that are read, in the spelling of its JSON form.
interface ExportRequest {
  readonly resourceMetrics?: readonly { readonly resource?: { readonly attributes?: readonly KeyValue[] }; readonly scopeMetrics?: readonly ScopeMetrics[] }[];
}
interface ScopeMetrics {
  readonly metrics?: readonly OtlpMetric[];
}
interface OtlpMetric {
  readonly name?: unknown;
  readonly sum?: Points;
  readonly gauge?: Points;
  readonly histogram?: Points;
}
interface Points {
  readonly dataPoints?: readonly OtlpPoint[];
  readonly aggregationTemporality?: number | string;
}
interface OtlpPoint {
  readonly attributes?: readonly KeyValue[];
  readonly timeUnixNano?: string | number;
  readonly flags?: number;
  readonly asDouble?: number | string;
  readonly asInt?: number | string;
  readonly count?: number | string;
}
interface KeyValue {
  readonly key: string;
  readonly value?: Readonly<Record<string, unknown>>;
}

const DELTA: ReadonlySet<unknown> = new Set([1, 'AGGREGATION_TEMPORALITY_DELTA']);
/** `DataPointFlags`: the point says only that the series has ended. */
const NO_RECORDED_VALUE = 1;

/** The data points of an OTLP metrics request in its JSON form, parsed. Throws a TypeError or SyntaxError when it has another shape. */
export function parseMetrics(request: unknown): Point[] {
  if (typeof request !== 'object') throw new TypeError('not an object');
  const points: Point[] = [];
  for (const { resource, scopeMetrics } of (request as ExportRequest).resourceMetrics ?? []) {
    const instance = instanceOf(readAttributes(resource?.attributes));
    for (const { metrics } of scopeMetrics ?? []) {
      for (const metric of metrics ?? []) points.push(...pointsOf(metric, instance));
    }
  }
  return points;
}

function pointsOf(metric: OtlpMetric, instance: string): Point[] {
  const { dataPoints = [], aggregationTemporality } = metric.sum ?? metric.histogram ?? metric.gauge ?? {};
  return dataPoints
    .filter(({ flags = 0 }) => (flags & NO_RECORDED_VALUE) === 0)
    .map((point) => ({
      metric: String(metric.name),
      attributes: readAttributes(point.attributes),
      value: Number(metric.histogram ? point.count : (point.asDouble ?? point.asInt)),
      instance,
      isDelta: DELTA.has(aggregationTemporality),
      time: BigInt(point.timeUnixNano ?? 0),
    }))
    .filter(({ value }) => Number.isFinite(value));
}

function readAttributes(attributes: readonly KeyValue[] = []): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value = {} }) => [key, textOf(Object.values(value)[0] ?? '')]));
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What tells processes apart. The pid is part of it because somebody may give all processes of a service one instance id. */
function instanceOf(resource: Readonly<Record<string, string>>): string {
  const { 'service.name': service, 'service.instance.id': id, 'host.name': host, 'process.pid': pid } = resource;
  return JSON.stringify([service, id, host, pid]);
}

/** The latest value of every series of every process. */
export class LatestSeries {
  readonly #points = new Map<string, Point>();

  /** Takes points: a cumulative one replaces an older one, a delta is added to it. */
  add(points: readonly Point[]): void {
    for (const point of points) {
      const attributes = Object.entries(point.attributes).sort(([a], [b]) => (a < b ? -1 : 1));
      const key = JSON.stringify([point.instance, point.metric, attributes]);
      const before = this.#points.get(key);
      if (before && point.isDelta) this.#points.set(key, { ...point, value: before.value + point.value });
      else if (before === undefined || point.time >= before.time) this.#points.set(key, point);
    }
  }

  /** The series of all processes; the same attributes appear once for each process. */
  series(): readonly Series[] {
    return [...this.#points.values()];
  }
}
