import type { AttributesOf, MetricSpec } from '@tallyman/catalog';
import type { Instrument, Series } from './instrument.ts';
import type { RegisteredMetric } from './registry.ts';
import { runtime } from './runtime.ts';

/** Records one metric: adds to a counter, sets a gauge, measures into a histogram. Never throws. */
export interface Recorder<M extends MetricSpec> {
  (value: number, attributes: AttributesOf<M>): void;
  /** Sets the absolute value of something that is counted elsewhere. Never throws, like all of this. */
  set(value: number, attributes: AttributesOf<M>): void;
  /** Takes a gauge's series out of the readings until it is set again, so that it gaps instead of freezing. */
  clear(attributes: AttributesOf<M>): void;
  /** What records with these attributes without looking for their series each time, for hot paths. Never throws. */
  bind(attributes: AttributesOf<M>): (value: number) => void;
  /** The level of a gauge or up-down counter with these attributes, to be changed in place, for hot paths. Never throws. */
  level(attributes: AttributesOf<M>): Level;
}

/** How much there is now, as it will be read. */
export interface Level {
  value: number;
}

/** One recorder for each metric of a group. */
export type Recorders<G> = { readonly [K in keyof G]: G[K] extends MetricSpec ? Recorder<G[K]> : never };

/** Binds a group of the catalog to this process's series: the only place where recorders are made. Recording 0 makes a series exist. */
export function bindMetrics<G extends Readonly<Record<string, RegisteredMetric>>>(group: G): Recorders<G> {
  for (const metric of Object.values(group)) {
    const siblings = (metric.siblings ?? []).map((sibling) => ({
      metric: sibling.metric === undefined ? metric : (group[sibling.metric] as RegisteredMetric),
      set: sibling.set,
    }));
    runtime.registry.link(metric, siblings);
  }
  return Object.fromEntries(Object.entries(group).map(([key, metric]) => [key, recorder(runtime.registry.instrument(metric))])) as unknown as Recorders<G>;
}

function recorder(instrument: Instrument): Recorder<MetricSpec> {
  const record = (value: number, attributes: Readonly<Record<string, unknown>>): void => {
    try {
      instrument.record(value, attributes);
    } catch {
      // A record is dropped rather than let anything reach the application; there is no place left to report to.
    }
  };
  return Object.assign(record, {
    set: (value: number, attributes: Readonly<Record<string, unknown>>) => {
      try {
        instrument.set(value, attributes);
      } catch {
        // As above.
      }
    },
    clear: (attributes: Readonly<Record<string, unknown>>) => {
      try {
        instrument.clear(attributes);
      } catch {
        // As above.
      }
    },
    level: (attributes: Readonly<Record<string, unknown>>) => {
      try {
        return instrument.level(attributes);
      } catch {
        return { value: 0 };
      }
    },
    bind: (attributes: Readonly<Record<string, unknown>>) => {
      let series: Series | undefined;
      return (value: number): void => {
        try {
          if (series !== undefined) {
            instrument.add(series, value);
            return;
          }
          instrument.record(value, attributes);
          // Undefined as long as a value is beyond its cap, which counts each record.
          series = instrument.existing(attributes);
        } catch {
          // As above.
        }
      };
    },
  });
}
