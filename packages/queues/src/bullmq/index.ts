import { type Adapter, applyPatch, type HookRow } from '@tallyman/core';
import { startDepth } from '../depth.ts';
import { type BullClass, patchChildProcessor, patchFlowProducer, patchJob, patchJobScheduler, patchQueue, patchWorker } from './patch.ts';

const versions = { from: '5.0.0', below: '7.0.0' };

/** `import` gets the CommonJS form of BullMQ too: its package.json has no `exports`. */
function row(file: string, binding: string, patch: (value: BullClass) => void): HookRow {
  return { module: 'bullmq', versions, files: [`dist/cjs/classes/${file}.js`], binding, how: 'prototype', patch };
}

const rows = {
  Worker: row('worker', 'Worker', patchWorker),
  Job: row('job', 'Job', patchJob),
  Queue: row('queue', 'Queue', patchQueue),
  FlowProducer: row('flow-producer', 'FlowProducer', patchFlowProducer),
  JobScheduler: row('job-scheduler', 'JobScheduler', patchJobScheduler),
  ChildProcessor: row('child-processor', 'ChildProcessor', patchChildProcessor),
} as const;

/** BullMQ: workers, jobs, queues, flows, job schedulers, and handlers in sandboxes. */
export const adapter: Adapter = { name: 'bullmq', rows: Object.values(rows) };

/** The exports of BullMQ that are measured; `Job` and `Worker` for handlers, the others for what they add. */
export type BullmqClasses = { readonly [K in keyof typeof rows]?: BullClass };

/**
 * Measures these classes of BullMQ: for bundled applications, which no module hook can reach: `instrumentBullMQ({ Worker, Job, Queue })`.
 * Call it before the first worker or queue is made; does nothing to classes that are measured already, and never throws.
 */
export function instrumentBullMQ(classes: BullmqClasses): void {
  startDepth();
  for (const [name, bound] of Object.entries(rows)) {
    const value = classes[name as keyof typeof rows];
    if (value !== undefined) applyPatch(adapter.name, bound, value, { version: 'bundled', format: 'module' });
  }
}
