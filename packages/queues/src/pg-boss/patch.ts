import { safely } from '@tallyman/core';
import { CARRIER } from '../carrier.ts';
import { setConcurrency } from '../concurrency.ts';
import { watchDepth } from '../depth.ts';
import { jobsEnqueued } from '../enqueued.ts';
import { type JobAttempt, runAttempts, startAttempt } from '../job.ts';
import { announceQueue } from '../recorders.ts';
import { around, keepShape } from '../wrap.ts';
import { depthSource, type StatsReader } from './depth.ts';
import {
  type BossJob,
  type BossOptions,
  COMPLETED,
  describeJob,
  dispositionOf,
  type Envelope,
  failureOutcome,
  isInternal,
  readEnvelope,
  TYPE,
  toEnvelope,
} from './shapes.ts';

/** A class of pg-boss, patched in place. */
export interface BossClass {
  readonly prototype: object;
}

interface Manager extends StatsReader {
  readonly queues?: Readonly<Record<string, { readonly retryLimit?: number | undefined }>> | undefined;
}

interface Fetcher {
  readonly name: string;
  readonly options?: { readonly batchSize?: number | undefined } | undefined;
}

type Carrier = Record<string, unknown> | null | undefined;
type Insert = (carrier: Carrier) => unknown;
type Handler = (this: unknown, jobs: readonly BossJob[], ...rest: unknown[]) => unknown;
/** Ends an attempt that failed. */
type Fail = (error: unknown) => void;

const WHERE = 'queues.pg-boss';
/** What travelled with a job, by the object that its handler gets. */
const envelopes = new WeakMap<object, Envelope>();
/** Attempts in their handler, by job id: `fail` is called with ids. */
const open = new Map<string, Fail>();
const seen = new WeakMap<object, Set<string>>();
/** The envelope for the call that is being made: the manager reaches its telemetry in the same turn. */
let pending: string | undefined;

/** A queue that this process works on or adds to. */
function notice(manager: Manager, queue: string): void {
  let queues = seen.get(manager);
  if (queues === undefined) {
    queues = new Set();
    seen.set(manager, queues);
  }
  if (queues.has(queue)) return;
  queues.add(queue);
  announceQueue(queue);
  watchDepth(depthSource(manager, queue));
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
  // Called for a handler that rejected, took too long or outlived a shutdown, and by handlers themselves.
  around(prototype, 'fail', async (original, queue, id: unknown, data: unknown, ...rest) => {
    try {
      return await original(queue, id, data, ...rest);
    } finally {
      safely(WHERE, () => {
        for (const one of [id].flat()) open.get(typeof one === 'string' ? one : (one as BossJob).id)?.(data);
      });
    }
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
    const run = () => handler.call(this, jobs, ...rest);
    return runAttempts(
      attempts.map(({ attempt }) => attempt),
      run,
      (result) => {
        // A rejected batch, and results that are no list, fail in `fail`.
        if (result.status === 'rejected' || (perJobResults && !Array.isArray(result.value))) return;
        for (const one of attempts) one.complete(perJobResults ? (result.value as readonly unknown[]) : undefined);
      },
    );
  };
  return keepShape(measured, handler);
}

/** A job also fails with data of the application's own, which is no class of errors. */
function asError(value: unknown): Error | undefined {
  return value instanceof Error ? value : undefined;
}

interface OpenAttempt {
  readonly attempt: JobAttempt;
  /** The handler has succeeded, with a result for each job where it gives such. */
  complete(results: readonly unknown[] | undefined): void;
}

function startOpen(manager: Manager, queue: string, job: BossJob): OpenAttempt {
  const envelope = envelopes.get(job);
  const attempt = startAttempt(describeJob(queue, job, envelope));
  const fail: Fail = (error) => {
    open.delete(job.id);
    attempt.end(failureOutcome(queue, job, envelope, manager.queues?.[queue]?.retryLimit), asError(error));
  };
  open.set(job.id, fail);
  return {
    attempt,
    complete(results) {
      const { status, output } = results === undefined ? COMPLETED : dispositionOf(results, job.id);
      if (status === 'failed') return fail(output);
      open.delete(job.id);
      attempt.end(status === 'completed' ? 'ok' : 'error', asError(output));
    },
  };
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
  pending = safely(WHERE, () => {
    const named = queues.filter((queue) => queue !== undefined && !isInternal(queue)) as string[];
    for (const queue of new Set(named)) notice(manager, queue);
    return named[0] === undefined || !Array.isArray(options) ? undefined : toEnvelope(named[0], options);
  });
  try {
    return call();
  } finally {
    pending = undefined;
  }
}

/** pg-boss's own telemetry stores a trace context with each job and finds it again for its worker: ours travels in it, and is taken out before it is read. */
export function patchTelemetry({ prototype }: BossClass): void {
  around(prototype, 'send', function (this: { readonly enabled?: boolean }, original, operation, destination, attempted, insert: Insert, ...rest) {
    const envelope = this.enabled === false ? undefined : pending;
    pending = undefined;
    const carrying: Insert = envelope === undefined ? insert : (carrier) => insert({ ...carrier, [CARRIER]: envelope });
    return original(operation, destination, attempted, carrying, ...rest);
  });
  around(prototype, 'process', (original, destination, jobs: readonly BossJob[], carrierOf: (job: BossJob) => Carrier, ...rest) => {
    const theirs = new Map(jobs.map((job) => [job, safely(WHERE, () => takeEnvelope(job, carrierOf(job)))]));
    return original(destination, jobs, (job: BossJob) => theirs.get(job), ...rest);
  });
}

/** Keeps our part for the handler, and gives back the rest. */
function takeEnvelope(job: BossJob, carrier: Carrier): Carrier {
  if (carrier === null || typeof carrier !== 'object' || !(CARRIER in carrier)) return carrier;
  const { [CARRIER]: ours, ...theirs } = carrier;
  const envelope = readEnvelope(ours);
  if (envelope !== undefined) envelopes.set(job, envelope);
  return Object.keys(theirs).length > 0 ? theirs : undefined;
}
