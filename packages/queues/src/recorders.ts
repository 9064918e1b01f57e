import { OTHER, queueMetrics } from '@tallyman/catalog';
import { bindMetrics, shared } from '@tallyman/core';

/** The recorders of the queue metrics. */
export const record = bindMetrics(queueMetrics);

/** Queue names are bounded in the metrics; this bounds the memory of names that were announced. */
const MAX_ANNOUNCED = 1000;
const MAX_NAME_LENGTH = 1000;
const announced = shared('queues.announced', () => new Set<string>());

/** Starts the counters of a queue at 0 when this process first has to do with it, so that their rates and ratios have an answer from the first event on. */
export function announceQueue(queue: string): void {
  if (announced.has(queue)) return;
  if (announced.size < MAX_ANNOUNCED && queue.length <= MAX_NAME_LENGTH) announced.add(queue);
  const attributes = { 'queue.name': queue };
  record.failures(0, { ...attributes, 'error.type': OTHER });
  record.retries(0, attributes);
  record.stalled(0, attributes);
  record.jobsEnqueued(0, attributes);
  record.jobsActive(0, attributes);
}
