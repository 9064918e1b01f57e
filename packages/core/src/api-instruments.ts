import type { Histogram, Meter, MeterProvider, Observable, ObservableResult } from '@opentelemetry/api';
import { type Alias, type AliasSpec, allAliases } from '@tallyman/catalog';
import type { Instrument, PointAttributes, Series } from './instrument.ts';
import { aliasAttributes, type Point, type Reading, readAlias, readInstrument, sample } from './read.ts';
import { safely } from './safely.ts';
import type { Snapshot } from './snapshot.ts';
import { theirMetrics } from './their-metrics.ts';
import { version } from './version.ts';

type Described = Reading['metric'];

/** An instrument of the API that a histogram's measurements go to: its own, or that of an alias. */
interface Target {
  readonly histogram: Histogram;
  readonly attributesOf: (series: Series) => PointAttributes | undefined;
}

/**
 * The second backend: instruments on a MeterProvider that is not ours, such as the application's own. They look at the cells, which stay what is recorded to,
 * so caps, aliases and series that begin at 0 are the same there; only histograms are recorded to beside the cells, because the API cannot observe them.
 * A metric that others measure there already is left to them. Nothing that the provider throws goes further.
 */
export class ApiInstruments {
  readonly provider: MeterProvider;
  readonly #since: Snapshot | undefined;
  readonly #targets = new Map<string, Target[]>();
  readonly #theirs: ReadonlySet<string>;
  #last: Snapshot | undefined;
  #isSampled = false;

  /** Values up to the snapshot were delivered elsewhere and are not reported again; without one all are. */
  constructor(provider: MeterProvider, since: Snapshot | undefined) {
    this.provider = provider;
    this.#since = since;
    this.#theirs = safely('hand-over.theirs', () => theirMetrics(provider)) ?? new Set();
  }

  /** Makes the instruments of these metrics and of all aliases. */
  start(instruments: Iterable<Instrument>): void {
    for (const instrument of instruments) this.add(instrument);
    for (const alias of allAliases) safely('hand-over.alias', () => this.#addAlias(alias as AliasSpec & Alias));
  }

  /** Makes the instrument of a metric. */
  add(instrument: Instrument): void {
    const { metric } = instrument;
    if (this.#theirs.has(metric.name)) return;
    safely('hand-over.instrument', () => {
      if (metric.instrument === 'histogram') this.#target(metric.name, { histogram: this.#histogram(metric), attributesOf: ({ attributes }) => attributes });
      else this.#observe(metric, () => readInstrument(instrument));
    });
  }

  /** Passes on a measurement of a histogram. */
  measure({ metric }: Instrument, series: Series, value: number): void {
    for (const target of this.#targets.get(metric.name) ?? []) {
      safely('hand-over.measure', () => {
        const attributes = target.attributesOf(series);
        if (attributes !== undefined) target.histogram.record(value, attributes);
      });
    }
  }

  /** Another provider takes over: this one goes on to report the last values. */
  finish(last: Snapshot): void {
    this.#last = last.final();
    this.#targets.clear();
  }

  #addAlias(alias: AliasSpec & Alias): void {
    if (alias.instrument !== 'histogram') {
      this.#observe(alias, () => readAlias(alias));
      return;
    }
    const histogram = this.#histogram(alias);
    const known = new WeakMap<Series, PointAttributes | null>();
    const attributesOf = (series: Series): PointAttributes | undefined => {
      let attributes = known.get(series);
      if (attributes === undefined) {
        attributes = aliasAttributes(alias, series.attributes) ?? null;
        known.set(series, attributes);
      }
      return attributes ?? undefined;
    };
    for (const { name } of alias.from) this.#target(name, { histogram, attributesOf });
  }

  #target(name: string, target: Target): void {
    const targets = this.#targets.get(name);
    if (targets === undefined) this.#targets.set(name, [target]);
    else targets.push(target);
  }

  #histogram({ scope, name, unit, description, buckets }: Described): Histogram {
    return this.#meter(scope).createHistogram(name, {
      unit,
      description,
      ...(buckets !== undefined && { advice: { explicitBucketBoundaries: [...buckets] } }),
    });
  }

  #observe(metric: Described, read: () => readonly Point[]): void {
    this.#observable(metric).addCallback((result) => void safely('hand-over.observe', () => this.#report(metric, read, result)));
  }

  #observable({ scope, name, unit, description, instrument }: Described): Observable {
    const meter = this.#meter(scope);
    if (instrument === 'gauge') return meter.createObservableGauge(name, { unit, description });
    return instrument === 'counter'
      ? meter.createObservableCounter(name, { unit, description })
      : meter.createObservableUpDownCounter(name, { unit, description });
  }

  #report({ name, instrument }: Described, read: () => readonly Point[], result: ObservableResult): void {
    if (this.#last === undefined) this.#sampleOnce();
    const points = this.#last === undefined ? read() : (this.#last.readings.find(({ metric }) => metric.name === name)?.points ?? []);
    for (const { key, value, attributes } of points) {
      const delivered = instrument === 'counter' ? (this.#since?.point(name, key)?.value ?? 0) : 0;
      result.observe(value - delivered, attributes);
    }
  }

  /** The callbacks of one collection are called in one go. */
  #sampleOnce(): void {
    if (this.#isSampled) return;
    this.#isSampled = true;
    queueMicrotask(() => {
      this.#isSampled = false;
    });
    sample(this);
  }

  #meter(scope: string): Meter {
    return this.provider.getMeter(scope, version);
  }
}
