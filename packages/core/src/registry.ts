import type { MetricSpec, Sibling } from '@tallyman/catalog';
import type { Caps } from './configuration.ts';
import { Instrument } from './instrument.ts';
import { CardinalityGuard } from './limits.ts';

/** A metric as the registry takes it, from whichever copy of the catalog. */
export type RegisteredMetric = MetricSpec & { readonly scope: string };

/** What a recorder writes to; cells are one implementation, instruments of a foreign MeterProvider can be another. */
export interface Backend {
  record(value: number, attributes: Readonly<Record<string, unknown>>): void;
  /** Takes a gauge's series out of the next readings, until it is set again. */
  clear(attributes: Readonly<Record<string, unknown>>): void;
}

/** All instruments of the process, by name: the first declaration of a name wins. */
export class Registry {
  readonly #instruments = new Map<string, Instrument>();
  readonly #guard = new CardinalityGuard();
  /** Called for a record whose attribute value was replaced. */
  onCapped: ((metric: string, attribute: string) => void) | undefined;
  /** Called once when the process's first value is recorded. */
  onFirstRecord: (() => void) | undefined;
  caps: Caps | undefined;
  /** Number of records so far; an exporter that has delivered this many has delivered all. */
  changes = 0;

  /** The instrument of that name; created when it is new. */
  instrument(metric: RegisteredMetric): Instrument {
    let instrument = this.#instruments.get(metric.name);
    if (instrument === undefined) {
      instrument = new Instrument(metric, this);
      this.#instruments.set(metric.name, instrument);
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

  /** Counts a record, and tells `onFirstRecord` of the first. */
  noteRecord(): void {
    if (this.changes++ === 0) this.onFirstRecord?.();
  }
}
