import type { Job, JobOutcome } from '../job.ts';
import type { Envelope } from './envelope.ts';

/** Value of `queue.system`. */
export const SYSTEM = 'pg-boss';
/** pg-boss has no job names: a queue holds one kind of job. */
export const TYPE = 'default';

/** A class of pg-boss, patched in place. */
export interface BossClass {
  readonly prototype: object;
}

/** A job that pg-boss hands to a handler; the last three only where the worker asked for `includeMetadata`. */
export interface BossJob {
  readonly id: string;
  readonly name: string;
  /** 0 for the first attempt. */
  readonly retryCount?: number | undefined;
  readonly retryLimit?: number | undefined;
  readonly createdOn?: Date | undefined;
  readonly startAfter?: Date | undefined;
}

/** Options with which a job is added. */
export interface BossOptions {
  readonly retryLimit?: number | undefined;
  /** Seconds from now, or a time. */
  readonly startAfter?: number | string | Date | undefined;
  readonly singletonNextSlot?: boolean | undefined;
}

/** Queues that pg-boss runs for itself. */
export function isInternal(queue: unknown): boolean {
  return typeof queue !== 'string' || queue.startsWith('__pgboss__');
}

/** The domain's view of a job's current attempt. */
export function describeJob(queue: string, { retryCount, createdOn, startAfter }: BossJob, envelope: Envelope | undefined): Job {
  const created = createdOn instanceof Date ? Math.max(createdOn.getTime(), startAfter instanceof Date ? startAfter.getTime() : 0) : undefined;
  const sent = envelope?.queue === queue ? envelope.due : undefined;
  return {
    ...{ queue, type: TYPE, system: SYSTEM, enqueuedAt: created ?? sent, delayMs: 0 },
    ...{ isFirstAttempt: retryCount === 0, carrier: envelope?.carrier },
  };
}

/** What becomes of a job whose attempt failed: the handler's job does not tell its limit, so the sender's own, else the queue's counts; unknown is `error`. */
export function failureOutcome(queue: string, job: BossJob, envelope: Envelope | undefined, limitOfQueue: number | undefined): JobOutcome {
  const sent = envelope?.queue === queue ? envelope.retryLimit : undefined;
  const limit = job.retryLimit ?? sent ?? limitOfQueue;
  return limit !== undefined && job.retryCount !== undefined && job.retryCount < limit ? 'retry' : 'error';
}

/** What becomes of one job after its handler. */
export interface Disposition {
  readonly status: 'completed' | 'failed' | 'deadletter';
  readonly output?: unknown;
}

/** How a handler with `perJobResults` disposed of one job; a job that it left out has failed. */
export function dispositionOf(results: readonly unknown[], id: string): Disposition {
  const last = results.findLast((result) => (result as { id?: unknown } | null)?.id === id) as Partial<Disposition> | undefined;
  return last?.status === 'completed' || last?.status === 'deadletter' ? (last as Disposition) : { status: 'failed', output: last?.output };
}

/** What `complete` and `fail` resolve with; ids only where pg-boss's statement gives them. */
interface Settlement {
  readonly jobs: readonly string[];
  readonly requested: number;
  readonly affected: number;
  readonly settled?: readonly string[] | undefined;
}

/** The ids of the jobs that a call has really settled: one that is no longer active is left as it is. */
export function settledBy(result: unknown): readonly string[] {
  const { jobs, requested, affected, settled } = result as Settlement;
  if (Array.isArray(settled)) return settled;
  return affected < requested ? [] : jobs;
}
