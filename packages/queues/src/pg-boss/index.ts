import { type Adapter, applyPatch, type HookRow } from '@tallyman/core';
import { startDepth } from '../depth.ts';
import { patchTelemetry } from './envelope.ts';
import { patchBatches, patchSend, patchWork } from './patch.ts';
import type { BossClass } from './shapes.ts';

/** A default export of one file: `PgBoss` itself keeps everything private, and calls these. */
function row(file: string, binding: string, patch: (value: BossClass) => void): HookRow {
  return {
    module: 'pg-boss',
    versions: { from: '12.38.0', below: '13.0.0' },
    files: [`dist/${file}.js`],
    ...{ binding, exported: 'default', hasDefault: true, how: 'prototype', patch },
  };
}

const rows = {
  Manager: row('manager', 'Manager', (value) => {
    patchWork(value);
    patchSend(value);
  }),
  Telemetry: row('telemetry', 'Telemetry', (value) => {
    patchTelemetry(value);
    patchBatches(value);
  }),
} as const;

/** pg-boss: workers, what they are given to do, and the telemetry column in which attribution travels. */
export const adapter: Adapter = { name: 'pg-boss', rows: Object.values(rows) };

/** The default exports of `pg-boss/dist/manager.js` and `pg-boss/dist/telemetry.js`, neither of which tells enough alone. */
export type PgBossClasses = { readonly [K in keyof typeof rows]: BossClass };

/**
 * Measures pg-boss through these classes: for bundled applications, which no module hook can reach.
 * Call it before the first `PgBoss` is made; does nothing to classes that are measured already, and never throws.
 */
export function instrumentPgBoss(classes: PgBossClasses): void {
  startDepth();
  for (const [name, bound] of Object.entries(rows))
    applyPatch(adapter.name, bound, classes[name as keyof typeof rows], { version: 'bundled', format: 'module' });
}
