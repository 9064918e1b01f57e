import { type AliasSpec, allAliases, type MetricSpec } from '@tallyman/catalog';
import { recordWaiting } from './batch.ts';
import type { Instrument, PointAttributes, Series } from './instrument.ts';
import { runtime } from './runtime.ts';
import { safely } from './safely.ts';

/** The values of one series at one moment. */
export type Point = Readonly<Series> & {
  /** What tells the series from the others of its metric, the same at every reading. */
  readonly key: object | string;
};

/** A metric with its points. */
export interface Reading {
  readonly metric: MetricSpec & { readonly scope: string };
  /** Its values are counted elsewhere and only looked at: an asynchronous instrument, in OpenTelemetry's words. */
  readonly isObserved: boolean;
  readonly points: readonly Point[];
}

/** Reads every metric of the process, aliases included, synchronously; metrics without a series are left out. `reader` is who asks; see `sample`. */
export function readMetrics(reader?: object): Reading[] {
  sample(reader);
  const readings: Reading[] = [];
  for (const instrument of runtime.registry.instruments()) {
    const points = readInstrument(instrument);
    if (points.length > 0) readings.push({ metric: instrument.metric, isObserved: instrument.isObserved, points });
  }
  for (const alias of allAliases) {
    const points = readAlias(alias);
    if (points.length > 0) readings.push({ metric: alias, isObserved: sourcesOf(alias).every(({ isObserved }) => isObserved), points });
  }
  return readings;
}

/**
 * Brings all up to date: what waits to be recorded, and what is only looked at, such as the process's memory, or the longest delay of the event loop since
 * this reader last asked.
 */
export function sample(reader: object = runtime): void {
  recordWaiting();
  for (const one of runtime.beforeRead) safely('read', () => one(reader));
}

/** The points of an instrument as they are now. */
export function readInstrument(instrument: Instrument): Point[] {
  const points: Point[] = [];
  for (const one of readable(instrument)) {
    const { attributes, startTime, value, count, counts } = one;
    if (!Number.isNaN(value)) points.push({ key: one, attributes, startTime, value, count, counts: counts.slice() });
  }
  return points;
}

/** The points of an alias, computed from its sources as they are now. */
export function readAlias(alias: AliasSpec): Point[] {
  const sums = new Map<string, { -readonly [K in keyof Point]: Point[K] }>();
  for (const series of sourcesOf(alias).flatMap(readable)) {
    const attributes = Number.isNaN(series.value) ? undefined : aliasAttributes(alias, series.attributes);
    if (attributes === undefined) continue;
    const key = JSON.stringify(attributes);
    let sum = sums.get(key);
    if (sum === undefined) {
      sum = { key, attributes, startTime: series.startTime, value: 0, count: 0, counts: new Float64Array(alias.take === 'count' ? 0 : series.counts.length) };
      sums.set(key, sum);
    }
    sum.startTime = Math.min(sum.startTime, series.startTime);
    sum.value += alias.take === 'count' ? series.count : series.value;
    sum.count += series.count;
    for (let index = 0; index < sum.counts.length; index++) sum.counts[index] = (sum.counts[index] ?? 0) + (series.counts[index] ?? 0);
  }
  return [...sums.values()];
}

/** The attributes that a series of a source has under the alias; undefined when the alias leaves it out. */
export function aliasAttributes({ where, labels }: AliasSpec, attributes: PointAttributes): PointAttributes | undefined {
  if (where !== undefined) for (const [key, value] of Object.entries(where)) if (attributes[key] !== value) return undefined;
  const result: Record<string, string | number> = {};
  for (const [label, key] of Object.entries(labels)) {
    const value = attributes[key];
    if (value !== undefined) result[label] = value;
  }
  return result;
}

function readable(instrument: Instrument): readonly Series[] {
  return instrument.isPaused && instrument.isLevel ? [] : instrument.series;
}

function sourcesOf({ from }: AliasSpec): Instrument[] {
  return from.map(({ name }) => runtime.registry.get(name)).filter((instrument) => instrument !== undefined);
}
