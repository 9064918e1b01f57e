import { safely } from '@tallyman/core';
import { setConcurrency } from '../concurrency.ts';
import { type DepthSource, watchDepth } from '../depth.ts';
import { jobsEnqueued } from '../enqueued.ts';
import { runAttempts } from '../job.ts';
import { announceQueue } from '../recorders.ts';
import { around, keepShape } from '../wrap.ts';
import { closeBatch, OpenAttempt, settle } from './attempts.ts';
import { depthSource, type StatsReader } from './depth.ts';
import { toEnvelope, withEnvelope } from './envelope.ts';
import { type BossClass, type BossJob, type BossOptions, type Disposition, dispositionOf, isInternal, settledBy, TYPE } from './shapes.ts';

interface Manager extends StatsReader {
  readonly queues?: Readonly<Record<string, { readonly retryLimit?: number | undefined }>> | undefined;
}

interface Fetcher {
  readonly name: string;
  readonly options?: { readonly batchSize?: number | undefined } | undefined;
}

type Handler = (this: unknown, jobs: readonly BossJob[], ...rest: unknown[]) => unknown;

const sources = new WeakMap<object, Map<string, DepthSource>>();

/** Queues of one manager that are looked after: jobs may be sent, in vain, to any name. */
const MAX_QUEUES = 1000;

/** A queue that this process works on or adds to. */
function notice(manager: Manager, queue: string): void {
  let ofManager = sources.get(manager);
  if (ofManager === undefined) {
    ofManager = new Map();
    sources.set(manager, ofManager);
  }
  let source = ofManager.get(queue);
  if (source === undefined) {
    if (ofManager.size >= MAX_QUEUES) return;
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
    return original(queue, ...(safely('pg-boss.work', () => withMeasuredHandler(this, queue, rest)) ?? rest));
  });
  around(prototype, 'addWorker', (original, worker: Fetcher) => {
    safely('pg-boss.worker', setWorking, worker, true);
    return original(worker);
  });
  around(prototype, 'removeWorker', (original, worker: Fetcher) => {
    safely('pg-boss.stopped', setWorking, worker, false);
    return original(worker);
  });
  // Called by workers after a handler, and by handlers themselves; `fail` also for one that takes too long or outlives a shutdown.
  for (const [name, status] of [
    ['complete', 'completed'],
    ['fail', 'failed'],
  ] as const) {
    around(prototype, name, async (original, queue: string, id, output: unknown, ...rest) => {
      const result = await original(queue, id, output, ...rest);
      safely('pg-boss.settled', () => settle(queue, settledBy(result), { status, output }, isInTransaction(rest[0])));
      return result;
    });
  }
}

/** Batches, each from before its handler until its jobs are settled: a worker's transaction is committed, or rolled back and its jobs failed, within. */
export function patchBatches({ prototype }: BossClass): void {
  around(prototype, 'process', (original, queue: string, jobs: readonly BossJob[], carrierOf, run: () => Promise<unknown>, ...rest) => {
    const measured = async (): Promise<unknown> => {
      let broken: Disposition | undefined;
      try {
        return await run();
      } catch (output) {
        broken = { status: 'failed', output };
        throw output;
      } finally {
        safely('pg-boss.closed', () => closeBatch(queue, jobs, broken));
      }
    };
    return original(queue, jobs, carrierOf, measured, ...rest);
  });
}

/** Whether a call has options that name a connection of its caller's. */
function isInTransaction(options: { readonly db?: unknown } | undefined): boolean {
  return options?.db !== undefined;
}

function setWorking(worker: Fetcher, works: boolean): void {
  if (!isInternal(worker.name)) setConcurrency(worker.name, worker, works ? (worker.options?.batchSize ?? 1) : 0);
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
    const opened = safely('pg-boss.attempts', () => jobs.map((job) => new OpenAttempt(queue, job, manager.queues?.[queue]?.retryLimit)));
    if (opened === undefined) return handler.call(this, jobs, ...rest);
    // Results for each job are settled one by one, past `complete` and `fail`; results that are no list fail as a batch.
    const settled = (result: PromiseSettledResult<unknown>): void => {
      if (!perJobResults || result.status === 'rejected' || !Array.isArray(result.value)) return;
      for (const one of opened) one.disposition = dispositionOf(result.value, one.job.id);
    };
    const attempts = opened.map(({ attempt }) => attempt);
    return runAttempts(attempts, () => handler.call(this, jobs, ...rest), settled);
  };
  return keepShape(measured, handler);
}

/** What a call adds: queues by name, one for each count, and the options of its jobs. */
interface Sending {
  readonly queues: readonly (string | undefined)[];
  readonly options: readonly (BossOptions | undefined)[];
}

interface NamedJob {
  readonly name: string;
  readonly options?: BossOptions | undefined;
}

/** Jobs of a flow wait for one another. */
const DUE_IS_UNKNOWN: BossOptions = { singletonNextSlot: true };

/** Producers: what is counted is what pg-boss says that it has inserted, where it says so. */
export function patchSend({ prototype }: BossClass): void {
  aroundSend(
    prototype,
    'createJob',
    ([request]) => sendingOf(request as NamedJob),
    (id) => (id ? 1 : 0),
  );
  aroundSend(
    prototype,
    'insert',
    ([queue, jobs]) => ({ queues: [queue as string], options: jobs as readonly BossOptions[] }),
    (ids, { options }) => (Array.isArray(ids) ? ids.length : options.length),
  );
  aroundSend(
    prototype,
    'upsert',
    ([request, , options]) => sendingOf(typeof request === 'string' ? { name: request, options: options as BossOptions } : (request as NamedJob)),
    (result) => (result as { readonly inserted?: number } | undefined)?.inserted ?? 1,
  );
  aroundSend(
    prototype,
    'flow',
    ([jobs]) => ({ queues: [jobs as NamedJob[]].flat().map(({ name }) => name), options: [DUE_IS_UNKNOWN] }),
    () => 1,
  );
}

function sendingOf({ name, options }: NamedJob): Sending {
  return { queues: [name], options: [options] };
}

/** Covers a method that adds jobs: `describe` reads its arguments, `count` tells from its result how many it has added to each queue. */
function aroundSend(
  prototype: object,
  name: string,
  describe: (args: readonly unknown[]) => Sending,
  count: (result: unknown, sending: Sending) => number,
): void {
  around(prototype, name, async function (this: Manager, original, ...args) {
    const sending = safely('pg-boss.sending', describe, args);
    const envelope = sending && safely('pg-boss.envelope', envelopeFor, this, sending);
    const result = await withEnvelope(envelope, () => original(...args));
    if (sending !== undefined) safely('pg-boss.added', () => noteAdded(sending, count(result, sending)));
    return result;
  });
}

/** The envelope for the jobs of a call; those of several queues share one, which names the first. */
function envelopeFor(manager: Manager, { queues, options }: Sending): string | undefined {
  const named = queues.filter((queue) => queue !== undefined && !isInternal(queue)) as string[];
  for (const queue of new Set(named)) notice(manager, queue);
  return named[0] === undefined || !Array.isArray(options) ? undefined : toEnvelope(named[0], options);
}

function noteAdded({ queues }: Sending, count: number): void {
  for (const queue of queues) if (queue !== undefined && !isInternal(queue)) jobsEnqueued(queue, TYPE, count);
}
