import type { TemporalityPreference } from '@tallyman/core';

/** Which backend collects, for which readers; `late` is a foreign MeterProvider that takes over from exporters of ours after the first records. */
export interface Task {
  readonly backend: 'cells' | 'api' | 'late';
  readonly readers: readonly TemporalityPreference[];
}

/** A point: the value, or what a histogram holds. */
export interface CollectedPoint {
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly value:
    | number
    | { readonly count: number; readonly sum: number; readonly buckets: { readonly boundaries: readonly number[]; readonly counts: readonly number[] } };
}

/** A metric with its points. */
export interface CollectedMetric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly scope: string;
  readonly kind: string;
  readonly isDelta: boolean;
  readonly points: readonly CollectedPoint[];
}

/** What was collected: by our own exporter before a hand-over, then by each reader at each of three steps. */
export interface Collection {
  readonly before: readonly CollectedMetric[];
  readonly steps: readonly (readonly (readonly CollectedMetric[])[])[];
}

interface Produced {
  readonly scope: { readonly name: string };
  readonly metrics: readonly {
    readonly descriptor: { readonly name: string; readonly unit: string; readonly description: string };
    readonly aggregationTemporality: number;
    readonly dataPointType: number;
    readonly isMonotonic?: boolean;
    readonly dataPoints: readonly { readonly attributes: object; readonly value: unknown }[];
  }[];
}

const KINDS = ['histogram', 'exponential', 'gauge'];

/** The collected data without times, in a form that crosses threads. */
export function collected(scopes: readonly Produced[]): CollectedMetric[] {
  return scopes.flatMap(({ scope, metrics }) =>
    metrics.map((metric) => ({
      name: metric.descriptor.name,
      unit: metric.descriptor.unit,
      description: metric.descriptor.description,
      scope: scope.name,
      kind: KINDS[metric.dataPointType] ?? (metric.isMonotonic ? 'counter' : 'updowncounter'),
      isDelta: metric.aggregationTemporality === 0,
      points: metric.dataPoints.map(({ attributes, value }) => ({ attributes: { ...attributes }, value }) as CollectedPoint),
    })),
  );
}
