import { type AliasSpec, allAliases, type MetricSpec } from '@tallyman/catalog';
import type { Instrument, PointAttributes, Series } from './instrument.ts';
import { runtime } from './runtime.ts';
import { safely } from './safely.ts';

/** The values of one series at one moment. */
export type Point = Pick<Series, 'attributes' | 'startTime' | 'count' | 'counts'> & { readonly value: number };

/** A metric with its points. */
export interface Reading {
  readonly metric: MetricSpec & { readonly scope: string };
  readonly points: readonly Point[];
}

/** Reads every metric of the process, aliases included, synchronously; metrics without a series are left out. */
export function readMetrics(): Reading[] {
  for (const sample of runtime.beforeRead) safely('read', sample);
  const readings: Reading[] = [];
  for (const { metric, series } of runtime.registry.instruments()) {
    const points = series.filter((one): one is Series & { value: number } => one.value !== undefined).map(copy);
    if (points.length > 0) readings.push({ metric, points });
  }
  for (const alias of allAliases) {
    const points = aliasPoints(alias);
    if (points.length > 0) readings.push({ metric: alias, points });
  }
  return readings;
}

function copy({ attributes, startTime, value, count, counts }: Series & { value: number }): Point {
  return { attributes, startTime, value, count, counts: counts.slice() };
}

function aliasPoints(alias: AliasSpec): Point[] {
  const sums = new Map<string, { attributes: PointAttributes; startTime: number; value: number; count: number; counts: Float64Array }>();
  for (const source of alias.from) {
    const instrument: Instrument | undefined = runtime.registry.get(source.name);
    for (const series of instrument?.series ?? []) {
      if (series.value === undefined || !matches(series.attributes, alias.where)) continue;
      const attributes = mapped(series.attributes, alias.labels);
      const key = JSON.stringify(attributes);
      let sum = sums.get(key);
      if (sum === undefined) {
        sum = { attributes, startTime: series.startTime, value: 0, count: 0, counts: new Float64Array(alias.take === 'count' ? 0 : series.counts.length) };
        sums.set(key, sum);
      }
      sum.startTime = Math.min(sum.startTime, series.startTime);
      sum.value += alias.take === 'count' ? series.count : series.value;
      sum.count += series.count;
      for (let index = 0; index < sum.counts.length; index++) sum.counts[index] = (sum.counts[index] ?? 0) + (series.counts[index] ?? 0);
    }
  }
  return [...sums.values()];
}

function matches(attributes: PointAttributes, where: AliasSpec['where']): boolean {
  return Object.entries(where ?? {}).every(([key, value]) => attributes[key] === value);
}

function mapped(attributes: PointAttributes, labels: AliasSpec['labels']): PointAttributes {
  const result: Record<string, string | number> = {};
  for (const [label, key] of Object.entries(labels)) {
    const value = attributes[key];
    if (value !== undefined) result[label] = value;
  }
  return result;
}
