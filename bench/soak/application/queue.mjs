import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { chat, openClient } from './ai.mjs';
import { count } from './counts.mjs';

/** The queue of the soak. */
export const QUEUE = 'cv-queue';
const LEFT = ['waiting', 'active', 'delayed', 'prioritized', 'paused'];

/**
 * A producer and a worker that outlive restarts of Redis. A job's name says what becomes of it: `ask` calls the model, `retry`
 * fails once, `fail` fails for good. What is counted is what BullMQ tells: its events, and additions that have resolved.
 */
export async function openQueue(port, providerUrl) {
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null, retryStrategy: () => 100 };
  const client = openClient(providerUrl);
  const queue = new Queue(QUEUE, { connection, defaultJobOptions: { attempts: 2, removeOnComplete: true, removeOnFail: true } });
  const handle = async ({ name, attemptsMade }) => {
    if (name === 'ask') await chat(client, 'cv_parse');
    if (name === 'fail') throw new UnrecoverableError('no');
    if (name === 'retry' && attemptsMade === 0) throw new TypeError('not yet');
  };
  // Jobs that Redis's restart took from the worker come back after these times.
  const worker = new Worker(QUEUE, handle, { connection, concurrency: 10, lockDuration: 5000, stalledInterval: 2000, maxStalledCount: 10 });
  worker.on('completed', () => count('job ok'));
  worker.on('failed', (job) => count(job?.finishedOn ? 'job error' : 'job retry'));
  worker.on('stalled', () => count('job stalled'));
  for (const one of [queue, worker]) one.on('error', () => count('error of BullMQ'));
  await worker.waitUntilReady();
  return {
    async add(names) {
      if (names.length === 1) await queue.add(names[0], {});
      else await queue.addBulk(names.map((name) => ({ name, data: {} })));
      count('job added', names.length);
    },
    async left() {
      const counts = await queue.getJobCounts(...LEFT);
      return Object.values(counts).reduce((sum, jobs) => sum + jobs, 0);
    },
  };
}
