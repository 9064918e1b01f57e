import type { MeterProvider } from '@opentelemetry/api';
import type { MetricSpec, Sibling } from '@tallyman/catalog';
import type { ApiInstruments } from './api-instruments.ts';
import type { Caps } from './configuration.ts';
import { Instrument, type Series } from './instrument.ts';
import { CardinalityGuard } from './limits.ts';
import type { Snapshot } from './snapshot.ts';

/** A metric as the registry takes it, from whichever copy of the catalog. */
export type RegisteredMetric = MetricSpec & { readonly scope: string };

/** Our own exporters, while they report. */
export interface Exporting {
  /** Their MeterProvider. */
  readonly provider: MeterProvider | undefined;
  /** Somebody else reports from now on: these values are the last ones to deliver. */
  finish(last: Snapshot): void;
}

/** A measurement of a histogram. */
interface Measurement {
  readonly instrument: Instrument;
  readonly series: Series;
  readonly value: number;
}

/** Measurements kept while it is not known who reports them. */
const MAX_EARLY = 1000;

/** All instruments of the process, by name: the first declaration of a name wins. */
export class Registry {
  readonly #instruments = new Map<string, Instrument>();
  readonly #guard = new CardinalityGuard();
  readonly #paused = new Set<string>();
  /** Called for a record whose attribute value was replaced. */
  onCapped: ((metric: string, attribute: string) => void) | undefined;
  /** Called once when the process has a first value to record. */
  onFirstRecord: (() => void) | undefined;
  /** Called when somebody else's MeterProvider reports from now on. */
  onHandOver: (() => void) | undefined;
  caps: Caps | undefined;
  /** Goes up with each record, and with what waits to be recorded; an exporter that has delivered this many has delivered all. */
  changes = 0;
  /** When what is being recorded has happened at the earliest, in milliseconds since the epoch; undefined when it happens now. */
  since: number | undefined;
  /** Our own exporters, when they have started. */
  exporting: Exporting | undefined;
  /** Instruments of somebody else's MeterProvider, when it reports. */
  destination: ApiInstruments | undefined;
  /** Histograms' first measurements, for a MeterProvider that is found soon after them; undefined once it is known who reports. */
  early: Measurement[] | undefined = [];

  /** The instrument of that name; created when it is new. */
  instrument(metric: RegisteredMetric): Instrument {
    let instrument = this.#instruments.get(metric.name);
    if (instrument === undefined) {
      instrument = new Instrument(metric, this);
      this.#instruments.set(metric.name, instrument);
      instrument.isPaused = this.#paused.has(metric.scope);
      this.destination?.add(instrument);
    }
    return instrument;
  }

  /** Declares which instrument each sibling of a metric belongs to. */
  link(metric: RegisteredMetric, siblings: readonly { readonly metric: RegisteredMetric; readonly set: Sibling['set'] }[]): void {
    this.instrument(metric).siblings = siblings.map((sibling) => ({ instrument: this.instrument(sibling.metric), set: sibling.set }));
  }

  /** Every instrument, in the order of creation. */
  instruments(): IterableIterator<Instrument> {
    return this.#instruments.values();
  }

  /** The instrument of that name, when any copy has declared it. */
  get(name: string): Instrument | undefined {
    return this.#instruments.get(name);
  }

  /** Whether the value of an attribute may have a series of its own; see CardinalityGuard. */
  admits(metric: RegisteredMetric, key: string, value: string | number, parent: unknown): boolean {
    const attribute = metric.attributes[key];
    return attribute !== undefined && this.#guard.admits(metric.scope, key, attribute, value, parent, this.caps);
  }

  /** Stops a scope's counters and histograms where they are; levels go on being followed, so that they are right at once when it resumes, and are not read. */
  pause(scope: string): void {
    this.#paused.add(scope);
    this.#mark(scope, true);
  }

  /** Lets a scope record again. */
  resume(scope: string): void {
    this.#paused.delete(scope);
    this.#mark(scope, false);
  }

  /** Whether a scope records nothing at present. */
  isPaused(scope: string): boolean {
    return this.#paused.has(scope);
  }

  #mark(scope: string, isPaused: boolean): void {
    for (const instrument of this.#instruments.values()) if (instrument.metric.scope === scope) instrument.isPaused = isPaused;
  }

  /** Takes note of a histogram's measurement, which its cell already holds. */
  noteMeasurement(instrument: Instrument, series: Series, value: number): void {
    if (this.destination !== undefined) this.destination.measure(instrument, series, value);
    else if (this.early !== undefined && this.early.length < MAX_EARLY) this.early.push({ instrument, series, value });
  }

  /** There is something more to deliver; tells `onFirstRecord` of the first. */
  noteRecord(): void {
    if (this.changes++ === 0) this.onFirstRecord?.();
  }
}
