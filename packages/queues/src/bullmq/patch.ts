import { attachments, safely } from '@tallyman/core';
import { isWorking, setConcurrency } from '../concurrency.ts';
import { watchDepth } from '../depth.ts';
import { jobsEnqueued } from '../enqueued.ts';
import { type JobAttempt, jobStalled, runAttempts, runInJob, startAttempt } from '../job.ts';
import { jobType } from '../job-type.ts';
import { announceQueue } from '../recorders.ts';
import { afterSet, around, replace } from '../wrap.ts';
import { type BullOwner, depthSource } from './depth.ts';
import { allCarrying, type BullJob, type BullNode, type BullOptions, carrying, describeJob, flowControlOf, jobsOf } from './shapes.ts';

/** A class of BullMQ, patched in place: its exports are getters, so a replaced class would not be seen. */
export interface BullClass {
  readonly prototype: object;
}

interface BullWorker extends BullOwner {
  /** Without a getter in early versions of 5. */
  readonly concurrency?: number | undefined;
  readonly opts: { readonly concurrency?: number | undefined };
}

/** The attempt that a Job object stands for; an ended one stays, so that it is not noticed late. */
const attempts = attachments<JobAttempt>();
const seen = new WeakSet<object>();

/** A worker or producer that this process owns. */
function notice(owner: BullOwner): void {
  safely('bullmq.notice', () => {
    if (seen.has(owner)) return;
    seen.add(owner);
    announceQueue(owner.name);
    watchDepth(depthSource(owner));
  });
}

/** Attempts of users of `getNextJob`, and of jobs that fail before their handler, are noticed when they end. */
function attemptOf(job: BullJob): JobAttempt {
  const existing = attempts.get(job);
  if (existing !== undefined) return existing;
  const attempt = startAttempt(describeJob(job), job.processedOn);
  attempts.set(job, attempt);
  return attempt;
}

/** An attempt that a worker makes. */
function begin(job: BullJob): JobAttempt {
  const attempt = startAttempt(describeJob(job));
  attempts.set(job, attempt);
  return attempt;
}

/** Handlers, in this process or a sandbox; concurrency; stalled jobs. */
export function patchWorker({ prototype }: BullClass): void {
  replace(prototype, 'callProcessJob', (original) => {
    return function (this: BullWorker, job: BullJob, ...rest) {
      const attempt = safely('bullmq.attempt', begin, job);
      return attempt === undefined ? original.call(this, job, ...rest) : runAttempts([attempt], () => original.call(this, job, ...rest), steered);
    };
  });
  around(prototype, 'run', function (this: BullWorker, original, ...rest) {
    notice(this);
    safely('bullmq.run', works, this);
    return original(...rest);
  });
  around(prototype, 'getNextJob', function (this: BullWorker, original, ...rest) {
    notice(this);
    return original(...rest);
  });
  afterSet(prototype, 'concurrency', (owner) => {
    safely('bullmq.concurrency', () => {
      const worker = owner as BullWorker;
      if (isWorking(worker.name, worker)) works(worker);
    });
  });
  replace(prototype, 'emit', (original) => {
    return function (this: BullWorker, ...args) {
      if (OBSERVED.has(args[0])) safely('bullmq.event', onEvent, this, args);
      return original.apply(this, args);
    };
  });
}

/** The handler has settled: an error with which it steers its job ends the attempt. */
function steered(result: PromiseSettledResult<unknown>, [attempt]: readonly JobAttempt[]): void {
  const outcome = result.status === 'rejected' ? flowControlOf(result.reason) : undefined;
  if (outcome !== undefined) attempt?.end(outcome);
}

function works(worker: BullWorker): void {
  setConcurrency(worker.name, worker, worker.concurrency ?? worker.opts.concurrency ?? 1);
}

/** The events of a worker that tell something. */
const OBSERVED: ReadonlySet<unknown> = new Set(['completed', 'stalled', 'closing', 'failed']);

function onEvent(worker: BullWorker, [event, job, error]: readonly unknown[]): void {
  if (event === 'completed') {
    if (isObject(job)) attempts.get(job)?.end('ok');
  } else if (event === 'stalled') jobStalled(worker.name);
  else if (event === 'closing') setConcurrency(worker.name, worker, 0);
  // Early versions of 5 fail a job that has stalled too often without `moveToFailed`.
  else if (isFinished(job) && attempts.get(job) === undefined) startAttempt(describeJob(job)).end('error', error);
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object';
}

function isFinished(job: unknown): job is BullJob {
  return isObject(job) && Boolean((job as BullJob).finishedOn);
}

/** Whether it is a worker that moves the job on, and not its own handler, or a user of `getNextJob`. */
function isWorkers(job: BullJob): boolean {
  return safely('bullmq.worker', (one) => attempts.get(one)?.isSettled === true, job) ?? false;
}

function completed(job: BullJob): void {
  attemptOf(job).end('ok');
}

/** What becomes of an attempt, and jobs that are added. Only a job that failed for good has `finishedOn` afterwards. */
export function patchJob(Job: BullClass): void {
  replace(Job.prototype, 'moveToCompleted', (original) => {
    return function (this: BullJob, ...args) {
      const result = original.apply(this, args);
      // A worker tells by its event, which costs a job no promise more.
      return isWorkers(this)
        ? result
        : Promise.resolve(result).then((value: unknown) => {
            safely('bullmq.completed', completed, this);
            return value;
          });
    };
  });
  around(Job.prototype, 'moveToFailed', async function (this: BullJob, original, error: unknown, ...rest) {
    const result = await original(error, ...rest);
    safely('bullmq.failed', () => attemptOf(this).end(this.finishedOn ? 'error' : 'retry', error));
    return result;
  });
  around(Job, 'create', async (original, queue, name, data, options: BullOptions | undefined, ...rest) => {
    const job = await original(queue, name, data, safely('bullmq.carrying', carrying, options) ?? options, ...rest);
    noticeAdded([job]);
    return job;
  });
  around(Job, 'createBulk', async (original, queue, jobs: readonly { readonly opts?: BullOptions }[], ...rest) => {
    const carried = safely('bullmq.bulk', allCarrying, jobs);
    const added = await original(queue, carried ?? jobs, ...rest);
    noticeAdded(added);
    return added;
  });
  // The jobs of flows: BullMQ 5, and 6.
  for (const name of ['addJob', 'toFlowEntry']) {
    around(Job.prototype, name, function (this: BullJob, original, ...rest) {
      safely('bullmq.flow', () => {
        this.opts = carrying(this.opts);
      });
      return original(...rest);
    });
  }
}

function noticeAdded(jobs: readonly BullJob[]): void {
  safely('bullmq.added', () => {
    let count = 0;
    for (const [index, job] of jobs.entries()) {
      count++;
      const next = jobs[index + 1];
      if (next?.queueName === job.queueName && next.name === job.name) continue;
      jobsEnqueued(job.queueName, jobType(job.name), count);
      count = 0;
    }
  });
}

/** Producers, whose queue's depth this process may then read. The constructor calls the method. */
export function patchQueue({ prototype }: BullClass): void {
  around(prototype, 'waitUntilReady', function (this: BullOwner, original, ...rest) {
    notice(this);
    return original(...rest);
  });
}

/** Jobs that are added as a tree. */
export function patchFlowProducer({ prototype }: BullClass): void {
  for (const name of ['add', 'addBulk']) {
    around(prototype, name, async (original, ...rest) => {
      const added: BullNode | readonly BullNode[] | undefined = await original(...rest);
      safely('bullmq.tree', () => noticeAdded([added ?? []].flat().flatMap((node) => jobsOf(node as BullNode))));
      return added;
    });
  }
}

/** The jobs that a scheduler makes: at first, and by workers from iteration to iteration. */
export function patchJobScheduler({ prototype }: BullClass): void {
  around(prototype, 'upsertJobScheduler', async (original, ...rest) => {
    const job: BullJob | undefined = await original(...rest);
    if (job !== undefined) noticeAdded([job]);
    return job;
  });
}

/** Handlers in a child process or worker thread, whose parent measures them: what they call still belongs to their job. */
export function patchChildProcessor({ prototype }: BullClass): void {
  around(prototype, 'start', (original, job: BullJob, ...rest) => {
    const described = safely('bullmq.sandbox', describeJob, job);
    const work = () => original(job, ...rest);
    return described === undefined ? work() : runInJob(described, work);
  });
}
