import { type Attribution, attributedFeature, channels, errorType, eventAttribution, fromCarrier, type JobEvent, runtime, safely } from '@tallyman/core';
import { announceQueue, record } from './recorders.ts';

/** How an attempt ended: `error` for good, `retry` failed and will be tried again; `delayed` and the rest are flow control, which is no failure. */
export type JobOutcome = JobEvent['outcome'];

/** One attempt of a job, as an adapter describes it. */
export interface Job {
  readonly queue: string;
  /** Bounded name of the kind of job; see `jobType`. */
  readonly type: string;
  /** Value of `queue.system`. */
  readonly system: string;
  /** When the job was added, in milliseconds since the epoch by the producer's clock; undefined where the library does not tell. */
  readonly enqueuedAt: number | undefined;
  /** Deliberate delay, which is no waiting. */
  readonly delayMs: number;
  readonly isFirstAttempt: boolean;
  /** What `toCarrier` gave where the job was added. */
  readonly carrier: string | undefined;
}

/** An attempt that is measured. */
export interface JobAttempt {
  readonly job: Job;
  /** Records how the attempt ended; once, later calls do nothing. The duration ends where the handler settled, else now. */
  end(outcome: JobOutcome, error?: unknown): void;
}

/**
 * Begins to measure an attempt, and records how long its job has waited when it is the first one.
 * `startedAt`, in milliseconds since the epoch, is for attempts that are noticed late; never throws.
 */
export function startAttempt(job: Job, startedAt = Date.now()): JobAttempt {
  return new Attempt(job, startedAt);
}

/**
 * Runs the handler of one attempt, or of a batch: in the attribution of whoever added the job, counted as active, timed until what it returned has settled.
 * Value, error and the moment of settling are the handler's own; `settled` is told before the library is.
 */
export function runAttempts<T>(attempts: readonly JobAttempt[], handler: () => T, settled: (result: PromiseSettledResult<unknown>) => void): T {
  const attribution = safely('queues.begin', begin, attempts) ?? {};
  const finish = (result: PromiseSettledResult<unknown>): void => {
    safely('queues.leave', leave, attempts);
    safely('queues.settled', settled, result);
  };
  let result: T;
  try {
    result = runtime.attribution.run(attribution, handler);
  } catch (reason) {
    finish({ status: 'rejected', reason });
    throw reason;
  }
  if (!isThenable(result)) {
    finish({ status: 'fulfilled', value: result });
    return result;
  }
  // Some thenables, such as query builders, run anew at each `then`: it is called once, and the library gets what follows.
  return Promise.resolve(result).then(
    (value) => {
      finish({ status: 'fulfilled', value });
      return value;
    },
    (reason) => {
      finish({ status: 'rejected', reason });
      throw reason;
    },
  ) as T;
}

/** Runs what belongs to a job in the attribution of whoever added it, without measuring: for handlers in a sandbox, whose parent measures. */
export function runInJob<T>(job: Pick<Job, 'queue' | 'type' | 'carrier'>, work: () => T): T {
  return runtime.attribution.run(safely('queues.inherit', attributionOf, job) ?? {}, work);
}

/** Counts a job whose worker disappeared while it held it. */
export function jobStalled(queue: string): void {
  announceQueue(queue);
  record.stalled(1, { 'queue.name': queue });
}

class Attempt implements JobAttempt {
  readonly job: Job;
  /** What the handler runs in. */
  readonly attribution: Attribution;
  readonly #waitSeconds: number | undefined;
  /** By the monotonic clock. */
  readonly #started: number;
  #settled: number | undefined;
  #isActive = false;
  #isEnded = false;

  constructor(job: Job, startedAt: number) {
    this.job = job;
    this.#started = performance.now() - Math.max(Date.now() - startedAt, 0);
    this.attribution = safely('queues.attribution', attributionOf, job) ?? {};
    this.#waitSeconds = safely('queues.wait', waitSeconds, job, startedAt);
  }

  /** The handler starts. */
  enter(): void {
    this.#isActive = true;
    record.jobsActive(1, { 'queue.name': this.job.queue });
  }

  /** The handler has settled. */
  leave(): void {
    this.#settled ??= performance.now();
    if (!this.#isActive) return;
    this.#isActive = false;
    record.jobsActive(-1, { 'queue.name': this.job.queue });
  }

  end(outcome: JobOutcome, error?: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    safely('queues.attempt', () => this.#record(outcome, outcome === 'error' || outcome === 'retry' ? errorType(error) : undefined));
  }

  #record(outcome: JobOutcome, error: string | undefined): void {
    const { queue, type, system } = this.job;
    const durationSeconds = Math.max((this.#settled ?? performance.now()) - this.#started, 0) / 1000;
    announceQueue(queue);
    record.jobDuration(durationSeconds, { 'queue.name': queue, 'job.type': type, 'queue.system': system, outcome });
    if (outcome === 'retry') record.retries(1, { 'queue.name': queue });
    if (outcome === 'error') record.failures(1, { 'queue.name': queue, 'error.type': error ?? '_OTHER' });
    channels.job.publish(() => ({
      ...eventAttribution(this.attribution, attributedFeature(this.attribution)),
      ...{ queue, type, system, outcome, errorType: error, durationSeconds, waitSeconds: this.#waitSeconds },
    }));
  }
}

/** Not added to the attribution that is current: a worker that was made in a request would carry that request for ever. */
function attributionOf({ queue, type, carrier }: Pick<Job, 'queue' | 'type' | 'carrier'>): Attribution {
  return { ...fromCarrier(carrier), job: { queue, type } };
}

function leave(attempts: readonly JobAttempt[]): void {
  for (const attempt of attempts) if (attempt instanceof Attempt) attempt.leave();
}

/** A batch of jobs that different callers added runs for none of them alone. */
function begin(attempts: readonly JobAttempt[]): Attribution {
  for (const attempt of attempts) if (attempt instanceof Attempt) attempt.enter();
  const [first] = attempts;
  if (!(first instanceof Attempt)) return {};
  const { job } = first;
  return attempts.every((attempt) => attempt.job.carrier === job.carrier) ? first.attribution : attributionOf({ ...job, carrier: undefined });
}

/** Never negative: producer and worker have different clocks. */
function waitSeconds({ queue, system, enqueuedAt, delayMs, isFirstAttempt }: Job, startedAt: number): number | undefined {
  if (!isFirstAttempt || enqueuedAt === undefined) return undefined;
  const seconds = Math.max(startedAt - enqueuedAt - delayMs, 0) / 1000;
  if (!Number.isFinite(seconds)) return undefined;
  record.jobWait(seconds, { 'queue.name': queue, 'queue.system': system });
  return seconds;
}

/** A result may be a proxy, or have a getter, that throws: the library will meet it, as it would without us. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  try {
    return typeof (value as { then?: unknown }).then === 'function';
  } catch {
    return false;
  }
}
