import { safely } from '@tallyman/core';
import { setConcurrency } from '../concurrency.ts';
import { type DepthSource, watchDepth } from '../depth.ts';
import { jobsEnqueued } from '../enqueued.ts';
import { type JobAttempt, runAttempts, startAttempt } from '../job.ts';
import { announceQueue } from '../recorders.ts';
import { around, keepShape } from '../wrap.ts';
import { depthSource, type StatsReader } from './depth.ts';
import { envelopeOf, toEnvelope, withEnvelope } from './envelope.ts';
import { type BossClass, type BossJob, type BossOptions, type Disposition, describeJob, dispositionOf, failureOutcome, isInternal, TYPE } from './shapes.ts';

interface Manager extends StatsReader {
  readonly queues?: Readonly<Record<string, { readonly retryLimit?: number | undefined }>> | undefined;
}

interface Fetcher {
  readonly name: string;
  readonly options?: { readonly batchSize?: number | undefined } | undefined;
}

type Handler = (this: unknown, jobs: readonly BossJob[], ...rest: unknown[]) => unknown;

/** An attempt that is in its handler, or on its way from there to the database. */
interface OpenAttempt {
  end(disposition: Disposition): void;
}

const WHERE = 'queues.pg-boss';
/** By job id: `complete` and `fail` are called with jobs or ids. */
const open = new Map<string, OpenAttempt>();
const sources = new WeakMap<object, Map<string, DepthSource>>();

/** A queue that this process works on or adds to. */
function notice(manager: Manager, queue: string): void {
  let ofManager = sources.get(manager);
  if (ofManager === undefined) {
    ofManager = new Map();
    sources.set(manager, ofManager);
  }
  let source = ofManager.get(queue);
  if (source === undefined) {
    source = depthSource(manager, queue);
    ofManager.set(queue, source);
    announceQueue(queue);
  }
  // Each time: a boss that was stopped may have started again.
  watchDepth(source);
}

/** Workers, and what becomes of their jobs. */
export function patchWork({ prototype }: BossClass): void {
  around(prototype, 'work', function (this: Manager, original, queue: string, ...rest: unknown[]) {
    return original(queue, ...(safely(WHERE, () => withMeasuredHandler(this, queue, rest)) ?? rest));
  });
  around(prototype, 'addWorker', (original, worker: Fetcher) => {
    if (!isInternal(worker.name)) setConcurrency(worker.name, worker, worker.options?.batchSize ?? 1);
    return original(worker);
  });
  around(prototype, 'removeWorker', (original, worker: Fetcher) => {
    if (!isInternal(worker.name)) setConcurrency(worker.name, worker, 0);
    return original(worker);
  });
  // Both are called by workers after a handler, and by handlers themselves; `fail` also for one that takes too long or outlives a shutdown.
  around(prototype, 'complete', async (original, queue, id: unknown, ...rest) => {
    const result = await original(queue, id, ...rest);
    endOpen(id, { status: 'completed' });
    return result;
  });
  around(prototype, 'fail', async (original, queue, id: unknown, data: unknown, ...rest) => {
    try {
      return await original(queue, id, data, ...rest);
    } finally {
      endOpen(id, { status: 'failed', output: data });
    }
  });
}

function endOpen(id: unknown, disposition: Disposition): void {
  safely(WHERE, () => {
    for (const one of [id].flat()) open.get(typeof one === 'string' ? one : (one as BossJob).id)?.end(disposition);
  });
}

/** The arguments of `work` after the queue: options where given, and the handler. */
function withMeasuredHandler(manager: Manager, queue: string, args: readonly unknown[]): readonly unknown[] {
  const handler = args.at(-1);
  if (isInternal(queue) || typeof handler !== 'function') return args;
  notice(manager, queue);
  const { perJobResults } = (args[0] ?? {}) as { readonly perJobResults?: boolean };
  return [...args.slice(0, -1), measuredHandler(manager, queue, handler as Handler, perJobResults === true)];
}

function measuredHandler(manager: Manager, queue: string, handler: Handler, perJobResults: boolean): Handler {
  const measured: Handler = function (jobs, ...rest) {
    const attempts = safely(WHERE, () => jobs.map((job) => startOpen(manager, queue, job)));
    if (attempts === undefined) return handler.call(this, jobs, ...rest);
    // Results for each job are settled one by one, past `complete` and `fail`; results that are no list fail as a batch.
    const settled = (result: PromiseSettledResult<unknown>): void => {
      if (!perJobResults || result.status === 'rejected' || !Array.isArray(result.value)) return;
      for (const { id } of jobs) open.get(id)?.end(dispositionOf(result.value, id));
    };
    return runAttempts(attempts, () => handler.call(this, jobs, ...rest), settled);
  };
  return keepShape(measured, handler);
}

function startOpen(manager: Manager, queue: string, job: BossJob): JobAttempt {
  const envelope = envelopeOf(job);
  const attempt = startAttempt(describeJob(queue, job, envelope));
  const limit = manager.queues?.[queue]?.retryLimit;
  open.set(job.id, {
    end({ status, output }) {
      open.delete(job.id);
      const failed = status === 'failed' ? failureOutcome(queue, job, envelope, limit) : 'error';
      attempt.end(status === 'completed' ? 'ok' : failed, asError(output));
    },
  });
  return attempt;
}

/** A job also fails with data of the application's own, which is no class of errors. */
function asError(value: unknown): Error | undefined {
  return value instanceof Error ? value : undefined;
}

/** Producers: what is counted is what pg-boss says that it has inserted, where it says so. */
export function patchSend({ prototype }: BossClass): void {
  around(prototype, 'createJob', async function (this: Manager, original, request: NamedJob) {
    const id = await sending(this, [request.name], [request.options], () => original(request));
    if (id) added(request.name);
    return id;
  });
  around(prototype, 'insert', async function (this: Manager, original, queue: string, jobs: readonly BossOptions[], ...rest) {
    const ids = await sending(this, [queue], jobs, () => original(queue, jobs, ...rest));
    added(queue, Array.isArray(ids) ? ids.length : jobs.length);
    return ids;
  });
  around(prototype, 'upsert', async function (this: Manager, original, ...args) {
    const { name, options }: Partial<NamedJob> = (typeof args[0] === 'string' ? { name: args[0], options: args[2] } : args[0]) ?? {};
    const result = await sending(this, [name], [options], () => original(...args));
    added(name, result?.inserted);
    return result;
  });
  around(prototype, 'flow', async function (this: Manager, original, jobs: readonly NamedJob[], ...rest) {
    const names = [jobs].flat().map((job) => job?.name);
    const ids = await sending(this, names, [DUE_IS_UNKNOWN], () => original(jobs, ...rest));
    for (const name of names) added(name);
    return ids;
  });
}

/** Jobs of a flow wait for one another. */
const DUE_IS_UNKNOWN: BossOptions = { singletonNextSlot: true };

interface NamedJob {
  readonly name: string;
  readonly options?: BossOptions | undefined;
}

function added(queue: string | undefined, count?: number): void {
  if (queue !== undefined && !isInternal(queue)) jobsEnqueued(queue, TYPE, count);
}

/** Makes the call with an envelope for its jobs; those of several queues share one, which names the first. */
function sending<T>(manager: Manager, queues: readonly (string | undefined)[], options: readonly (BossOptions | undefined)[], call: () => T): T {
  const envelope = safely(WHERE, () => {
    const named = queues.filter((queue) => queue !== undefined && !isInternal(queue)) as string[];
    for (const queue of new Set(named)) notice(manager, queue);
    return named[0] === undefined || !Array.isArray(options) ? undefined : toEnvelope(named[0], options);
  });
  return withEnvelope(envelope, call);
}
