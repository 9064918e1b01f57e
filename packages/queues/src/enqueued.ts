import { continueInJob, safely } from '@tallyman/core';
import { announceQueue, record } from './recorders.ts';

/** Counts jobs that were added, in the attribution of whoever added them: uses of their feature go on in them. */
export function jobsEnqueued(queue: string, type: string, count = 1): void {
  safely('queues.enqueued', () => {
    if (!(count > 0)) return;
    announceQueue(queue);
    record.jobsEnqueued(count, { 'queue.name': queue });
    continueInJob(queue, type);
  });
}
