import { selfMetrics } from '@tallyman/catalog';
import { expect, it } from 'vitest';
import { recordedBy } from '../../recorded.ts';
import { type Adversity, adversities } from './adversities.ts';
import { type Fault, passing, withFault } from './inject.ts';

export type { Adversity } from './adversities.ts';
export { type Fault, InjectedFault, type Passed, passing, withFault } from './inject.ts';
export { placesIn } from './places.ts';

import { unhandledRejections } from './seen.ts';

export { seenError, settled, unhandledRejections } from './seen.ts';

/** What an application does, once with what is measured and once with the same bare; resolves with all that it can see of it, as plain data. */
export type Act = (variant: 'bare' | 'measured') => unknown;

/** How an application is tried under faults of ours. */
export interface FaultTrial {
  readonly acts: Readonly<Record<string, Act>>;
  /** Guarded places that the acts must pass, all together. */
  readonly places: readonly string[];
  /** Beside those that fail everywhere. */
  readonly adversities?: Readonly<Record<string, Adversity>>;
}

/**
 * Plays each act bare, measured, with a fault thrown before and after the work of each guarded place that it passes, and under each adversity:
 * the application must see the same each time. Fails with the places that no act has passed.
 */
export function faultConformance({ acts, places, adversities: further = {} }: FaultTrial): void {
  const passed = new Set<string>();

  it.each(Object.entries(acts))('whatever fails of ours: %s', async (_title, act) => {
    const bare = await seenBy(act, 'bare');
    const measured = await passing(() => seenBy(act, 'measured'));
    expect(measured.result).toEqual(bare);
    for (const where of measured.places) {
      passed.add(where);
      for (const when of ['before', 'after'] as const) expect(await counted({ where, when }, act), `a fault ${when} ${where}`).toEqual(bare);
    }
    for (const [name, begin] of Object.entries({ ...adversities, ...further })) {
      const end = begin();
      try {
        expect(await seenBy(act, 'measured'), name).toEqual(bare);
      } finally {
        end();
      }
    }
  });

  it('passes every guarded place', () => {
    expect(places.filter((where) => !passed.has(where))).toEqual([]);
  });
}

/** What the application sees, and what it leaves rejected with nobody to handle it. */
async function seenBy(act: Act, variant: 'bare' | 'measured'): Promise<{ readonly seen: unknown; readonly unhandled: readonly unknown[] }> {
  let seen: unknown;
  const unhandled = await unhandledRejections(async () => {
    seen = await act(variant);
  });
  return { seen, unhandled };
}

/** Plays the act under a fault, which must be counted. */
async function counted(fault: Fault, act: Act): Promise<unknown> {
  let seen: unknown;
  const recorded = await recordedBy(async () => {
    seen = await withFault(fault, () => seenBy(act, 'measured'));
  });
  expect(recorded.value(selfMetrics.errors, { where: fault.where }), `tallyman.errors of a fault ${fault.when} ${fault.where}`).toBeGreaterThan(0);
  return seen;
}
