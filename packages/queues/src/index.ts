import { type Adapter, defineInstrumentation } from '@tallyman/core';
import { adapter as bullmq } from './bullmq/index.ts';
import { queuesConfiguration } from './config/index.ts';
import { startDepth } from './depth.ts';
import { adapter as pgBoss } from './pg-boss/index.ts';

export { carrierOf, withCarrier } from './carrier.ts';
export { setConcurrency } from './concurrency.ts';
export type { QueuesConfiguration } from './configuration.ts';
export { type Depth, type DepthSource, type JobState, watchDepth } from './depth.ts';
export { jobsEnqueued } from './enqueued.ts';
export { type Job, type JobAttempt, type JobOutcome, jobStalled, runAttempts, runInJob, startAttempt } from './job.ts';
export { jobType } from './job-type.ts';

/** The job queues that are measured, one for each folder. */
export const adapters: readonly Adapter[] = [bullmq, pgBoss];

/** Starts what measuring queues needs beside the hooks: looking at their depth, once this process has to do with one. */
export function startQueues(): void {
  startDepth();
}

/** Job queues for an OpenTelemetry SDK of the application's own: `new NodeSDK({ instrumentations: [new QueueInstrumentation()] })`. */
export const QueueInstrumentation = /* @__PURE__ */ defineInstrumentation({
  name: '@tallyman/queues',
  part: 'queues',
  schema: queuesConfiguration,
  adapters,
  start: startQueues,
});
