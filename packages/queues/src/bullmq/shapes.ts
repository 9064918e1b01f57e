import { toCarrier } from '@tallyman/core';
import { carrierOf, withCarrier } from '../carrier.ts';
import type { Job, JobOutcome } from '../job.ts';
import { jobType } from '../job-type.ts';

/** Value of `queue.system`. */
export const SYSTEM = 'bullmq';

/** Options of a job; `telemetry` is where BullMQ keeps what travels from producer to worker. */
export interface BullOptions {
  readonly delay?: number | undefined;
  readonly repeat?: unknown;
  readonly telemetry?: { readonly metadata?: string | undefined; readonly omitContext?: boolean | undefined } | undefined;
  /** `telemetry.metadata` as BullMQ 5 hands it to a sandbox. */
  readonly tm?: string | undefined;
}

/** A job, as far as it is read here. Times are milliseconds since the epoch. */
export interface BullJob {
  readonly name: string;
  readonly queueName: string;
  opts: BullOptions;
  readonly timestamp: number;
  readonly processedOn?: number | undefined;
  readonly finishedOn?: number | null | undefined;
  readonly attemptsStarted?: number | undefined;
}

/** A job of a flow, as `FlowProducer.add` resolves. */
export interface BullNode {
  readonly job: BullJob;
  readonly children?: readonly BullNode[] | undefined;
}

/** The domain's view of a job's current attempt. */
export function describeJob({ name, queueName, opts, timestamp, attemptsStarted }: BullJob): Job {
  return {
    queue: queueName,
    type: jobType(name),
    system: SYSTEM,
    enqueuedAt: timestamp,
    // `job.delay` is 0 again by the time that a job is picked up.
    delayMs: opts?.delay ?? 0,
    isFirstAttempt: attemptsStarted === 1,
    carrier: carrierOf(opts?.telemetry?.metadata ?? opts?.tm),
  };
}

const FLOW_CONTROL: ReadonlyMap<unknown, JobOutcome> = new Map([
  ['bullmq:rateLimitExceeded', 'rate_limited'],
  ['DelayedError', 'delayed'],
  ['WaitingError', 'waiting'],
  ['WaitingChildrenError', 'waiting_children'],
]);

/** What an error that a handler throws to steer its job means; undefined for a failure. BullMQ recognises them by name, the rate limit and versions before 5.1 by message. */
export function flowControlOf(error: unknown): JobOutcome | undefined {
  if (error === null || typeof error !== 'object') return undefined;
  const { name, message } = error as { name?: unknown; message?: unknown };
  return FLOW_CONTROL.get(message) ?? FLOW_CONTROL.get(name);
}

/**
 * The options of a job that is added, with the current attribution in them; the same object when there is nothing to carry.
 * Iterations of a repeated job inherit their options, so a carrier there would outlive its request: they get none.
 */
export function carrying<O extends BullOptions | undefined>(options: O, carrier = toCarrier()): O {
  if (carrier === undefined || options?.repeat !== undefined || options?.telemetry?.omitContext === true) return options;
  const metadata = withCarrier(options?.telemetry?.metadata, carrier);
  return metadata === undefined ? options : { ...options, telemetry: { ...options?.telemetry, metadata } };
}

/** The same for jobs that are added at once; the same list when there is nothing to carry. */
export function allCarrying<J extends { readonly opts?: BullOptions }>(jobs: readonly J[]): readonly J[] {
  const carrier = toCarrier();
  return carrier === undefined ? jobs : jobs.map((job) => ({ ...job, opts: carrying(job.opts, carrier) }));
}

/** Every job of a flow. */
export function jobsOf({ job, children }: BullNode): BullJob[] {
  return [job, ...(children ?? []).flatMap(jobsOf)];
}
