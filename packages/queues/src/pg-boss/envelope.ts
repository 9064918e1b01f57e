import { safely, toCarrier } from '@tallyman/core';
import { CARRIER } from '../carrier.ts';
import { around } from '../wrap.ts';
import type { BossClass, BossJob, BossOptions } from './shapes.ts';

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

type Carrier = Record<string, unknown> | null | undefined;
type Insert = (carrier: Carrier) => unknown;

/** By the object that the handler gets. */
const envelopes = new WeakMap<object, Envelope>();
/** The envelope for the call that is being made: the manager reaches its telemetry in the same turn. */
let pending: string | undefined;

/** What travelled with a job. */
export function envelopeOf(job: BossJob): Envelope | undefined {
  return envelopes.get(job);
}

/** Makes a call that adds jobs, with an envelope for them. */
export function withEnvelope<T>(envelope: string | undefined, call: () => T): T {
  pending = envelope;
  try {
    return call();
  } finally {
    pending = undefined;
  }
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
function readEnvelope(text: unknown): Envelope | undefined {
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

/** pg-boss's own telemetry stores a trace context with each job and finds it again for its worker: ours travels in it, and is taken out before it is read. */
export function patchTelemetry({ prototype }: BossClass): void {
  around(prototype, 'send', function (this: { readonly enabled?: boolean }, original, operation, destination, attempted, insert: Insert, ...rest) {
    const envelope = this.enabled === false ? undefined : pending;
    pending = undefined;
    const carrying: Insert =
      envelope === undefined ? insert : (carrier) => insert(safely('pg-boss.carrying', () => ({ ...carrier, [CARRIER]: envelope })) ?? carrier);
    return original(operation, destination, attempted, carrying, ...rest);
  });
  around(prototype, 'process', (original, destination, jobs: readonly BossJob[], carrierOf: (job: BossJob) => Carrier, ...rest) => {
    const theirs = new Map<BossJob, Carrier>();
    safely('pg-boss.envelopes', () => {
      for (const job of jobs) theirs.set(job, takeEnvelope(job, carrierOf(job)));
    });
    return original(destination, jobs, (job: BossJob) => (theirs.has(job) ? theirs.get(job) : carrierOf(job)), ...rest);
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
