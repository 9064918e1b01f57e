import { toCarrier } from '@tallyman/core';
import type { Job, JobOutcome } from '../job.ts';

/** Value of `queue.system`. */
export const SYSTEM = 'pg-boss';
/** pg-boss has no job names: a queue holds one kind of job. */
export const TYPE = 'default';

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

/** What travels with a job, in the column that pg-boss keeps for trace contexts. */
export interface Envelope {
  /** A dead letter queue inherits the column; there it says nothing of delay and retries. */
  readonly queue: string;
  /** When the job is due, in milliseconds since the epoch by the producer's clock. */
  readonly due?: number | undefined;
  /** Where the job was added with one of its own. */
  readonly retryLimit?: number | undefined;
  readonly carrier?: string | undefined;
}

/** Queues that pg-boss runs for itself. */
export function isInternal(queue: unknown): boolean {
  return typeof queue !== 'string' || queue.startsWith('__pgboss__');
}

/** The envelope of jobs that are added together, as text; what differs between them is left out, because pg-boss stores one for all. */
export function toEnvelope(queue: string, options: readonly (BossOptions | undefined)[], now = Date.now()): string {
  const same = <T>(values: readonly T[]): T | undefined => (values.every((value) => value === values[0]) ? values[0] : undefined);
  const envelope: Envelope = {
    queue,
    due: same(options.map((one) => dueOf(one ?? {}, now))),
    retryLimit: same(options.map((one) => one?.retryLimit)),
    carrier: toCarrier(),
  };
  return JSON.stringify(envelope);
}

function dueOf({ startAfter, singletonNextSlot }: BossOptions, now: number): number | undefined {
  if (singletonNextSlot === true) return undefined;
  if (startAfter === undefined || startAfter === null) return now;
  const seconds = Number(startAfter);
  if (!(startAfter instanceof Date) && Number.isFinite(seconds)) return now + Math.max(seconds, 0) * 1000;
  const due = startAfter instanceof Date ? startAfter.getTime() : Date.parse(startAfter as string);
  return Number.isFinite(due) ? Math.max(due, now) : undefined;
}

/** Reads what `toEnvelope` wrote; undefined for anything else. */
export function readEnvelope(text: unknown): Envelope | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const { queue, due, retryLimit, carrier } = JSON.parse(text) as Record<string, unknown>;
    if (typeof queue !== 'string') return undefined;
    return {
      queue,
      due: typeof due === 'number' ? due : undefined,
      retryLimit: typeof retryLimit === 'number' ? retryLimit : undefined,
      carrier: typeof carrier === 'string' ? carrier : undefined,
    };
  } catch {
    return undefined;
  }
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

/** How a handler disposed of one job. */
export interface Disposition {
  readonly status: 'completed' | 'failed' | 'deadletter';
  readonly output?: unknown;
}

/** The disposition of a job whose handler returned, without `perJobResults`. */
export const COMPLETED: Disposition = { status: 'completed' };

/** How a handler with `perJobResults` disposed of one job; a job that it left out has failed. */
export function dispositionOf(results: readonly unknown[], id: string): Disposition {
  const last = results.findLast((result) => (result as { id?: unknown } | null)?.id === id) as Partial<Disposition> | undefined;
  return last?.status === 'completed' || last?.status === 'deadletter' ? (last as Disposition) : { status: 'failed', output: last?.output };
}
