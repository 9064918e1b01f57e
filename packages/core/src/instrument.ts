import { OTHER, type Sibling } from '@tallyman/catalog';
import { getOrInsertComputed } from './kept.ts';
import { cleanValue, isMeasurement, MAX_SERIES } from './limits.ts';
import type { RegisteredMetric, Registry } from './registry.ts';

/** The attributes of a series, without those that are not known. */
export type PointAttributes = Readonly<Record<string, string | number>>;

/** One series: a cell that a record adds to. Times are milliseconds since the epoch. */
export interface Series {
  readonly attributes: PointAttributes;
  readonly startTime: number;
  /**
   * Sum of a counter, last value of a gauge, sum of a histogram's measurements; NaN for a gauge that is not set. A number at all times: V8 then adds in
   * place, and else makes a new object for each fraction and tells the garbage collector of it.
   */
  value: number;
  /** Number of a histogram's measurements. */
  count: number;
  /** Measurements per bucket of a histogram, the last one above all bounds; empty otherwise. */
  readonly counts: Float64Array;
}

type Node = Map<unknown, Node | Series>;

/** The cells of one metric: series found by nested maps in the order of its attributes; a series is never evicted. */
export class Instrument {
  readonly metric: RegisteredMetric;
  readonly series: Series[] = [];
  /** Whether its values are counted elsewhere and only looked at. */
  isObserved = false;
  /** Whether its scope records nothing at present. */
  isPaused = false;
  siblings: readonly { readonly instrument: Instrument; readonly set: Sibling['set'] }[] = [];
  readonly #registry: Registry;
  readonly #keys: readonly string[];
  readonly #bounds: readonly number[];
  readonly #root: Node = new Map();

  constructor(metric: RegisteredMetric, registry: Registry) {
    this.metric = metric;
    this.#registry = registry;
    this.#keys = Object.keys(metric.attributes);
    this.#bounds = metric.buckets ?? [];
  }

  /** Adds to a counter, sets a gauge, or measures into a histogram; a value that is no measurement is left out, a negative one counts as 0 where the metric only grows. */
  record(value: number, attributes: Readonly<Record<string, unknown>>): void {
    if (isMeasurement(value) && !(this.isPaused && !this.isLevel)) this.add(this.find(attributes), value);
  }

  /** Whether it tells how much there is now, and not how much there has been. */
  get isLevel(): boolean {
    const { instrument } = this.metric;
    return instrument === 'gauge' || instrument === 'updowncounter';
  }

  /** Records into a series that was found before. */
  add(series: Series, value: number): void {
    if (!isMeasurement(value)) return;
    const { instrument } = this.metric;
    // A 0 only makes the series exist: it is no event, so it neither starts the SDK nor asks for delivery.
    if (this.isPaused) {
      if (!this.isLevel) return;
    } else if (value !== 0 || instrument === 'histogram') this.#registry.noteRecord();
    switch (instrument) {
      case 'gauge':
        series.value = value;
        break;
      case 'updowncounter':
        series.value += value;
        break;
      case 'counter':
        if (value > 0) series.value += value;
        break;
      case 'histogram': {
        const measured = Math.max(value, 0);
        series.value += measured;
        series.count += 1;
        const bucket = bucketOf(this.#bounds, measured);
        series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
        this.#registry.noteMeasurement(this, series, measured);
      }
    }
  }

  /** Sets a counter or gauge to an absolute value that something else counts, such as the CPU time of the process. */
  set(value: number, attributes: Readonly<Record<string, unknown>>): void {
    this.isObserved = true;
    if (isMeasurement(value)) this.find(attributes).value = value;
  }

  /** Takes a gauge's series out of the next readings, until it is set again. */
  clear(attributes: Readonly<Record<string, unknown>>): void {
    this.find(attributes).value = Number.NaN;
  }

  /** The series of a level, to be changed in place: its changes are no events, its being asked for is one. */
  level(attributes: Readonly<Record<string, unknown>>): Series {
    if (!this.isPaused) this.#registry.noteRecord();
    const series = this.find(attributes);
    if (Number.isNaN(series.value)) series.value = 0;
    return series;
  }

  /** The series of these attributes, created at 0 when it is new. */
  find(attributes: Readonly<Record<string, unknown>>): Series {
    return this.existing(attributes) ?? (this.#keys.length === 0 ? this.#create({}) : this.#admit(attributes));
  }

  /** The series that has exactly these attributes; undefined while it is new, and for values that are recorded as others. */
  existing(attributes: Readonly<Record<string, unknown>>): Series | undefined {
    if (this.#keys.length === 0) return this.series[0];
    let node: Node | Series | undefined = this.#root;
    for (const key of this.#keys) {
      node = (node as Node).get(attributes[key]);
      if (node === undefined) return undefined;
    }
    return node as Series;
  }

  #admit(attributes: Readonly<Record<string, unknown>>): Series {
    const bounded: Record<string, string | number> = {};
    for (const key of this.#keys) {
      const value = this.#bound(key, attributes[key], bounded);
      if (value !== undefined) bounded[key] = value;
    }
    const existing = this.#leaf(bounded);
    if (existing !== undefined) return existing;
    const shared = this.#overflow(bounded);
    return this.#leaf(shared) ?? this.#insert(shared);
  }

  /** The value that is recorded for an attribute: itself, `_OTHER`, or nothing when it is optional and unknown. */
  #bound(key: string, raw: unknown, parents: Readonly<Record<string, unknown>>): string | number | undefined {
    const attribute = this.metric.attributes[key];
    if (attribute === undefined) return undefined;
    const value = cleanValue(raw, attribute);
    if (value === undefined) return attribute.optional ? undefined : OTHER;
    if (this.#registry.admits(this.metric, key, value, attribute.per === undefined ? undefined : parents[attribute.per])) return value;
    this.#registry.onCapped?.(this.metric.name, key);
    return attribute.type === 'int' ? undefined : OTHER;
  }

  /** The series of bounded attributes: the existing one, or a new one while there is room. */
  #leaf(attributes: Readonly<Record<string, string | number>>): Series | undefined {
    let node: Node | Series | undefined = this.#root;
    for (const key of this.#keys) {
      node = (node as Node).get(attributes[key]);
      if (node === undefined) return this.series.length < MAX_SERIES ? this.#insert(attributes) : undefined;
    }
    return node as Series;
  }

  /** The series that all records share when the instrument is full; it exists once for each combination of closed values. */
  #overflow(attributes: Readonly<Record<string, string | number>>): Record<string, string | number> {
    this.#registry.onCapped?.(this.metric.name, '*');
    const open = Object.entries(attributes).filter(([key]) => this.metric.attributes[key]?.values === undefined);
    const rest: Record<string, string | number> = { ...attributes };
    for (const [key, value] of open) {
      if (typeof value === 'number') delete rest[key];
      else rest[key] = OTHER;
    }
    return rest;
  }

  #insert(attributes: Readonly<Record<string, string | number>>): Series {
    let node = this.#root;
    const last = this.#keys.length - 1;
    for (const key of this.#keys.slice(0, last)) node = getOrInsertComputed(node as Map<unknown, Node>, attributes[key], () => new Map());
    const series = this.#create(attributes);
    node.set(attributes[this.#keys[last] as string], series);
    for (const sibling of this.siblings) sibling.instrument.find(siblingAttributes(sibling.instrument.metric, attributes, sibling.set));
    return series;
  }

  #create(attributes: PointAttributes): Series {
    const isHistogram = this.metric.instrument === 'histogram';
    const series: Series = {
      attributes,
      startTime: this.#registry.since ?? Date.now(),
      value: this.metric.instrument === 'gauge' ? Number.NaN : 0,
      count: 0,
      counts: new Float64Array(isHistogram ? this.#bounds.length + 1 : 0),
    };
    this.series.push(series);
    return series;
  }
}

function siblingAttributes(metric: RegisteredMetric, attributes: PointAttributes, set: Sibling['set']): Record<string, string | number | undefined> {
  return Object.fromEntries(
    Object.keys(metric.attributes).map((key) => [key, set?.[key] ?? attributes[key] ?? (metric.attributes[key]?.optional ? undefined : OTHER)]),
  );
}

/** Index of the first bound that is not below the value (upper bounds are inclusive, as in OpenTelemetry). */
export function bucketOf(bounds: readonly number[], value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= (bounds[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
