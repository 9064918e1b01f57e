import { type JobAttempt, startAttempt } from '../job.ts';
import { envelopeOf } from './envelope.ts';
import { type BossJob, type Disposition, describeJob, failureOutcome } from './shapes.ts';

/** By queue and id, for calls that name jobs so: an id is unique in its queue alone. */
const open = new Map<string, OpenAttempt>();

function keyOf(queue: string, id: string): string {
  return `${queue} ${id}`;
}

/** An attempt that is in its handler, or on its way from there to the database. */
export class OpenAttempt {
  readonly job: BossJob;
  readonly attempt: JobAttempt;
  /** How the attempt ends once its batch has run, unless it has ended before. */
  disposition: Disposition | undefined = undefined;
  readonly #key: string;
  readonly #failure: ReturnType<typeof failureOutcome>;

  constructor(queue: string, job: BossJob, limitOfQueue: number | undefined) {
    const envelope = envelopeOf(job);
    this.job = job;
    this.attempt = startAttempt(describeJob(queue, job, envelope));
    this.#key = keyOf(queue, job.id);
    this.#failure = failureOutcome(queue, job, envelope, limitOfQueue);
    open.set(this.#key, this);
  }

  /** Records what has become of the job. */
  end({ status, output }: Disposition): void {
    open.delete(this.#key);
    const failure = status === 'failed' ? this.#failure : 'error';
    this.attempt.end(status === 'completed' ? 'ok' : failure, asError(output));
  }
}

/** A job also fails with data of the application's own, which is no class of errors. */
function asError(value: unknown): Error | undefined {
  return value instanceof Error ? value : undefined;
}

/** The database has taken what becomes of jobs; what it has taken in a transaction may still be rolled back while the batch runs. */
export function settle(queue: string, ids: readonly string[], disposition: Disposition, inTransaction: boolean): void {
  for (const id of ids) {
    const attempt = open.get(keyOf(queue, id));
    if (attempt === undefined) continue;
    if (inTransaction) attempt.disposition = disposition;
    else attempt.end(disposition);
  }
}

/**
 * A batch has run, or broke because pg-boss could not even tell its database what becomes of it. Jobs of which nothing was taken were not the worker's any more: they are not measured.
 * Such a job may be in another attempt by now, which goes on.
 */
export function closeBatch(queue: string, jobs: readonly BossJob[], broken?: Disposition): void {
  for (const job of jobs) {
    const key = keyOf(queue, job.id);
    const attempt = open.get(key);
    if (attempt?.job !== job) continue;
    const disposition = broken ?? attempt.disposition;
    if (disposition === undefined) open.delete(key);
    else attempt.end(disposition);
  }
}
