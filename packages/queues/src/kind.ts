import { type Attribution, getOrInsertComputed, hasRoom, type Level } from '@tallyman/core';
import type { JobOutcome } from './job.ts';
import { announceQueue, record } from './recorders.ts';

type Record = (value: number) => void;

/** What all jobs of one type in one queue have in common: where they are recorded, looked for once, and whom they belong to when nobody is known to have added them. */
export class JobKind {
  readonly queue: string;
  readonly type: string;
  readonly system: string;
  readonly attribution: Attribution;
  readonly wait: Record;
  #active: Level | undefined = undefined;
  readonly #durations = new Map<JobOutcome, Record>();

  constructor(queue: string, type: string, system: string) {
    announceQueue(queue);
    this.queue = queue;
    this.type = type;
    this.system = system;
    this.attribution = { job: { queue, type } };
    this.wait = record.jobWait.bind({ 'queue.name': queue, 'queue.system': system });
  }

  /** How many handlers of the queue's jobs run. */
  get active(): Level {
    this.#active ??= record.jobsActive.level({ 'queue.name': this.queue });
    return this.#active;
  }

  /** What records the duration of attempts that end so. */
  duration(outcome: JobOutcome): Record {
    return getOrInsertComputed(this.#durations, outcome, () =>
      record.jobDuration.bind({ 'queue.name': this.queue, 'job.type': this.type, 'queue.system': this.system, outcome }),
    );
  }
}

const known = new Map<string, Map<string, Map<string, JobKind>>>();
let count = 0;

/** The kind of a job. */
export function jobKind(queue: string, type: string, system: string): JobKind {
  return known.get(system)?.get(queue)?.get(type) ?? newKind(queue, type, system);
}

function newKind(queue: string, type: string, system: string): JobKind {
  const kind = new JobKind(queue, type, system);
  if (!hasRoom(count, queue, type)) return kind;
  count++;
  const ofSystem = getOrInsertComputed(known, system, () => new Map<string, Map<string, JobKind>>());
  getOrInsertComputed(ofSystem, queue, () => new Map<string, JobKind>()).set(type, kind);
  return kind;
}
