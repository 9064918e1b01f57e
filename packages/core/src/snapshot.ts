import type { Point, Reading } from './read.ts';
import { runtime } from './runtime.ts';

/** All values of the process at one moment. */
export class Snapshot {
  readonly readings: readonly Reading[];
  /** Milliseconds since the epoch. */
  readonly time = Date.now();
  /** As far as the registry's `changes` went when these values were read. */
  readonly changes = runtime.registry.changes;
  #points: Map<string, Map<Point['key'], Point>> | undefined;

  /** What was just read: reading may record as well. */
  constructor(readings: readonly Reading[]) {
    this.readings = readings;
  }

  /** The point of that series, when it was there. */
  point(metric: string, key: Point['key']): Point | undefined {
    this.#points ??= new Map(this.readings.map(({ metric: { name }, points }) => [name, new Map(points.map((point) => [point.key, point]))]));
    return this.#points.get(metric)?.get(key);
  }

  /**
   * What is left to say where these values were exported, when another takes over: counters and histograms as they are, levels moved there and thus 0 here,
   * and no gauges.
   */
  final(): Snapshot {
    const kept = this.readings.filter(({ metric }) => metric.instrument !== 'gauge');
    return new Snapshot(
      kept.map((reading) =>
        reading.metric.instrument === 'updowncounter' ? { ...reading, points: reading.points.map((point) => ({ ...point, value: 0 })) } : reading,
      ),
    );
  }
}

/** What a point has gained since a snapshot: itself when it is new, undefined when it has gained nothing. */
export function gained(point: Point, metric: string, since: Snapshot): Point | undefined {
  const before = since.point(metric, point.key);
  if (before === undefined) return point;
  if (point.count === before.count && point.value === before.value) return undefined;
  return {
    ...point,
    startTime: Math.max(point.startTime, since.time),
    value: point.value - before.value,
    count: point.count - before.count,
    counts: point.counts.map((count, index) => count - (before.counts[index] ?? 0)),
  };
}
