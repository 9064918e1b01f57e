import { safely, shared } from '@tallyman/core';
import { announceQueue, record } from './recorders.ts';

/** Jobs that each running worker may run at a time, by queue. */
const workers = shared('queues.workers', () => new Map<string, Map<object, number>>());

/** Says how many jobs a worker of this process may run at a time from now on; 0 when it has stopped. */
export function setConcurrency(queue: string, worker: object, jobs: number): void {
  safely('queues.concurrency', () => {
    announceQueue(queue);
    let ofQueue = workers.get(queue);
    if (ofQueue === undefined) {
      ofQueue = new Map();
      workers.set(queue, ofQueue);
    }
    if (jobs > 0) ofQueue.set(worker, jobs);
    else ofQueue.delete(worker);
    record.concurrency(
      [...ofQueue.values()].reduce((sum, one) => sum + one, 0),
      { 'queue.name': queue },
    );
    if (ofQueue.size === 0) workers.delete(queue);
  });
}

/** Whether the worker counts as running. */
export function isWorking(queue: string, worker: object): boolean {
  return workers.get(queue)?.has(worker) === true;
}
