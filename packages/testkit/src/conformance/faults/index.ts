import { aiMetrics, featureMetrics, httpMetrics, type MetricSpec, queueMetrics, selfMetrics, webhookMetrics } from '@tallyman/catalog';
import { recordWaiting } from '@tallyman/core';
import { expect, it } from 'vitest';
import { type Recorded, recordedBy } from '../../recorded.ts';
import { type Adversity, adversities } from './adversities.ts';
import { InjectedFault, passing, withFault } from './inject.ts';

export type { Adversity } from './adversities.ts';
export { type Fault, InjectedFault, type Passed, passing, withFault } from './inject.ts';
export { placesIn } from './places.ts';

import { unhandledRejections } from './seen.ts';

export { seenError, settled, unhandledRejections } from './seen.ts';

/** One act is played some dozens of times. */
const TIMEOUT_MS = 120_000;

/** What an application does, once with what is measured and once with the same bare; resolves with all that it can see of it, as plain data. */
export type Act = (variant: 'bare' | 'measured') => unknown;

/** How an application is tried under faults of ours. */
export interface FaultTrial {
  readonly acts: Readonly<Record<string, Act>>;
  /** Guarded places that the acts must pass, all together. */
  readonly places: readonly string[];
  /** Lets each place fail only in the first act that passes it, for acts that take long. */
  readonly once?: boolean;
  /** Places that are passed by timers too, so that not each act passes them each time. */
  readonly background?: readonly string[];
  /** Metrics that count when a place fails, because what failed would have told that something else is to be counted. */
  readonly instead?: Readonly<Record<string, readonly MetricSpec[]>>;
  /** What else may fail of what only this domain uses, by name. */
  readonly adversities?: Readonly<Record<string, Adversity>>;
  /** Adversities that none of the acts can meet, with the reason. */
  readonly unmet?: Readonly<Partial<Record<keyof typeof adversities, string>>>;
}

/**
 * Plays each act bare, measured, with a fault thrown before and after the work of each guarded place that it passes, and under each adversity:
 * the application must see the same each time, the fault must be counted, and nothing may be counted more than without it. Fails with the places that no
 * act has passed, and with the adversities that no act has met.
 */
export function faultConformance(trial: FaultTrial): void {
  const { acts, places, once = false, background = [], instead = {}, unmet = {} } = trial;
  const passed = new Set<string>();
  const all: Readonly<Record<string, Adversity>> = { ...adversities, ...trial.adversities };
  const met = new Map(Object.keys(all).map((name) => [name, 0]));

  it.each(Object.entries(acts))(
    'whatever fails of ours: %s',
    async (_title, act) => {
      const bare = await seenBy(act, 'bare');
      const measured = await recording(() => passing(() => seenBy(act, 'measured')));
      const { result, places: passedNow } = measured.result;
      expect(result).toEqual(bare);
      for (const where of passedNow) {
        if (once && passed.has(where)) continue;
        passed.add(where);
        for (const when of ['before', 'after'] as const) {
          const failing = await recording(() => withFault({ where, when }, () => seenBy(act, 'measured')));
          const what = `a fault ${when} ${where}`;
          expect(failing.result, what).toEqual(bare);
          if (!background.includes(where)) expect(failing.recorded.value(selfMetrics.errors, { where }), what).toBeGreaterThan(0);
          expect(countedMore(failing.recorded, measured.recorded, instead[where]), what).toEqual([]);
        }
      }
      for (const [name, begin] of Object.entries(all)) {
        const end = begin(() => {
          met.set(name, (met.get(name) ?? 0) + 1);
          throw new InjectedFault(name);
        });
        try {
          expect(await seenBy(act, 'measured'), name).toEqual(bare);
        } finally {
          end();
        }
      }
    },
    TIMEOUT_MS,
  );

  it('passes every guarded place', () => {
    expect(places.filter((where) => !passed.has(where))).toEqual([]);
  });

  it('meets every adversity but those that it cannot', () => {
    expect([...met].filter(([, times]) => times === 0).map(([name]) => name)).toEqual(Object.keys(all).filter((name) => name in unmet));
  });
}

async function recording<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly recorded: Recorded }> {
  let done: { readonly result: T } | undefined;
  const recorded = await recordedBy(async () => {
    done = { result: await work() };
  });
  return { result: (done as { readonly result: T }).result, recorded };
}

/** What tells of gaps grows under faults. */
const GAPS: ReadonlySet<string> = new Set([aiMetrics.unmeteredCalls.name, aiMetrics.unpricedCalls.name]);
const COUNTED = [aiMetrics, webhookMetrics, queueMetrics, featureMetrics, httpMetrics]
  .flatMap((group): readonly MetricSpec[] => Object.values(group))
  .filter(({ instrument, name }) => instrument !== 'gauge' && !GAPS.has(name));

/** The metrics that have counted more than the other time; what goes up and down must be down again. */
function countedMore(recorded: Recorded, other: Recorded, instead: readonly MetricSpec[] = []): string[] {
  const exceeds = (metric: MetricSpec): boolean => {
    if (metric.instrument === 'histogram') return recorded.count(metric) > other.count(metric);
    if (metric.instrument === 'updowncounter') return recorded.value(metric) !== other.value(metric);
    return recorded.value(metric) > other.value(metric) + 1e-9;
  };
  return COUNTED.filter((metric) => !instead.includes(metric) && exceeds(metric)).map(({ name }) => name);
}

/** What the application sees, and what it leaves rejected with nobody to handle it. */
async function seenBy(act: Act, variant: 'bare' | 'measured'): Promise<{ readonly seen: unknown; readonly unhandled: readonly unknown[] }> {
  let seen: unknown;
  const unhandled = await unhandledRejections(async () => {
    seen = await act(variant);
    // What waits to be recorded may fail as well.
    recordWaiting();
  });
  return { seen, unhandled };
}
