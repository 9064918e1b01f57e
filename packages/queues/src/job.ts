import { type Attribution, attributedFeature, channels, errorType, eventAttribution, fromCarrier, type JobEvent, runtime, safely } from '@tallyman/core';
import { type JobKind, jobKind } from './kind.ts';
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
  /** Whether its handler has settled. */
  readonly isSettled: boolean;
  /** Records how the attempt ended; once, later calls do nothing. The duration ends where the handler settled, else now. */
  end(outcome: JobOutcome, error?: unknown): void;
}

/** Told how the handler of these attempts has settled. */
type Settled = (result: PromiseSettledResult<unknown>, attempts: readonly JobAttempt[]) => void;

/**
 * Begins to measure an attempt, and records how long its job has waited when it is the first one.
 * `startedAt`, in milliseconds since the epoch, is for attempts that are noticed late; never throws.
 */
export function startAttempt(job: Job, startedAt?: number): JobAttempt {
  return new Attempt(job, startedAt);
}

/**
 * Runs the handler of one attempt, or of a batch: in the attribution of whoever added the job, counted as active, timed until what it returned has settled.
 * Value, error and the moment of settling are the handler's own; `settled` is told before the library is.
 */
export function runAttempts<T>(attempts: readonly JobAttempt[], handler: () => T, settled: Settled): T {
  const attribution = safely('queues.begin', begin, attempts) ?? {};
  let result: T;
  try {
    result = runtime.attribution.run(attribution, handler);
  } catch (reason) {
    finish(attempts, settled, { status: 'rejected', reason });
    throw reason;
  }
  if (!isThenable(result)) {
    finish(attempts, settled, { status: 'fulfilled', value: result });
    return result;
  }
  // Some thenables, such as query builders, run anew at each `then`: it is called once, and the library gets what follows.
  return Promise.resolve(result).then(
    (value) => {
      finish(attempts, settled, { status: 'fulfilled', value });
      return value;
    },
    (reason) => {
      finish(attempts, settled, { status: 'rejected', reason });
      throw reason;
    },
  ) as T;
}

function finish(attempts: readonly JobAttempt[], settled: Settled, result: PromiseSettledResult<unknown>): void {
  safely('queues.leave', leave, attempts);
  safely('queues.settled', settled, result, attempts);
}

/** Runs what belongs to a job in the attribution of whoever added it, without measuring: for handlers in a sandbox, whose parent measures. */
export function runInJob<T>(job: Job, work: () => T): T {
  return runtime.attribution.run(safely('queues.inherit', inherited, job) ?? {}, work);
}

/** Counts a job whose worker disappeared while it held it. */
export function jobStalled(queue: string): void {
  announceQueue(queue);
  record.stalled(1, { 'queue.name': queue });
}

class Attempt implements JobAttempt {
  readonly job: Job;
  readonly kind: JobKind;
  /** What the handler runs in. */
  readonly attribution: Attribution;
  readonly #waitSeconds: number | undefined;
  /** By the monotonic clock. */
  readonly #started: number;
  #settled: number | undefined = undefined;
  #isActive = false;
  #isEnded = false;

  constructor(job: Job, startedAt: number | undefined) {
    const now = Date.now();
    this.job = job;
    this.kind = jobKind(job.queue, job.type, job.system);
    this.#started = performance.now() - (startedAt === undefined ? 0 : Math.max(now - startedAt, 0));
    this.attribution = safely('queues.attribution', attributionOf, job, this.kind) ?? {};
    this.#waitSeconds = safely('queues.wait', waitSeconds, this, startedAt ?? now);
  }

  get isSettled(): boolean {
    return this.#settled !== undefined;
  }

  /** The handler starts. */
  enter(): void {
    this.#isActive = true;
    this.kind.active.value += 1;
  }

  /** The handler has settled. */
  leave(): void {
    this.#settled ??= performance.now();
    if (!this.#isActive) return;
    this.#isActive = false;
    this.kind.active.value -= 1;
    // An attempt that is never recorded leaves nothing else to deliver.
    runtime.registry.noteRecord();
  }

  end(outcome: JobOutcome, error?: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    safely('queues.attempt', () => this.#record(outcome, outcome === 'error' || outcome === 'retry' ? errorType(error) : undefined));
  }

  #record(outcome: JobOutcome, type: string | undefined): void {
    const { kind } = this;
    const { queue } = kind;
    const durationSeconds = Math.max((this.#settled ?? performance.now()) - this.#started, 0) / 1000;
    kind.duration(outcome)(durationSeconds);
    if (outcome === 'retry') record.retries(1, { 'queue.name': queue });
    if (outcome === 'error') record.failures(1, { 'queue.name': queue, 'error.type': type ?? '_OTHER' });
    this.#publish(outcome, type, durationSeconds);
  }

  #publish(outcome: JobOutcome, type: string | undefined, durationSeconds: number): void {
    const { attribution, kind } = this;
    channels.job.publish(() => ({
      ...eventAttribution(attribution, attributedFeature(attribution)),
      queue: kind.queue,
      type: kind.type,
      system: kind.system,
      outcome,
      errorType: type,
      durationSeconds,
      waitSeconds: this.#waitSeconds,
    }));
  }
}

/** Not added to the attribution that is current: a worker that was made in a request would carry that request for ever. */
function attributionOf({ carrier }: Pick<Job, 'carrier'>, { attribution }: JobKind): Attribution {
  return carrier === undefined ? attribution : { ...fromCarrier(carrier), ...attribution };
}

function inherited(job: Job): Attribution {
  return attributionOf(job, jobKind(job.queue, job.type, job.system));
}

function leave(attempts: readonly JobAttempt[]): void {
  for (const attempt of attempts) if (attempt instanceof Attempt) attempt.leave();
}

/** A batch of jobs that different callers added runs for none of them alone. */
function begin(attempts: readonly JobAttempt[]): Attribution {
  for (const attempt of attempts) if (attempt instanceof Attempt) attempt.enter();
  const [first] = attempts;
  if (!(first instanceof Attempt)) return {};
  const { carrier } = first.job;
  return attempts.every((attempt) => attempt.job.carrier === carrier) ? first.attribution : first.kind.attribution;
}

/** Never negative: producer and worker have different clocks. */
function waitSeconds({ job, kind }: Attempt, startedAt: number): number | undefined {
  const { enqueuedAt, delayMs, isFirstAttempt } = job;
  if (!isFirstAttempt || enqueuedAt === undefined) return undefined;
  const seconds = Math.max(startedAt - enqueuedAt - delayMs, 0) / 1000;
  if (!Number.isFinite(seconds)) return undefined;
  kind.wait(seconds);
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
