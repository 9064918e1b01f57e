import type { AttributesOf, queueMetrics } from '@tallyman/catalog';
import { outside, runtime, safely, shared } from '@tallyman/core';
import { record } from './recorders.ts';

/** Value of the attribute `state` of `queue.depth`. */
export type JobState = AttributesOf<typeof queueMetrics.depth>['state'];

/** What one look at a queue has found. */
export interface Depth {
  readonly counts: Readonly<Partial<Record<JobState, number>>>;
  /** Seconds that the oldest waiting job is late, 0 when none waits; undefined where the library does not tell. */
  readonly oldestAgeSeconds: number | undefined;
}

/** A connection of the application through which the depth of a queue can be read. */
export interface DepthSource {
  readonly queue: string;
  /** `ready`: the server would answer now; `waiting`: a look would have to connect, or to wait for a connection; `closed`: for good. */
  state(): 'ready' | 'waiting' | 'closed';
  read(): Promise<Depth>;
}

/** When queues are looked at, in milliseconds; shorter only in tests. */
export interface DepthTiming {
  /** From the moment that a queue is seen to the first look; doubled until one succeeds. */
  first: number;
  /** Between two looks at one queue; up to a fifth longer, so that processes do not look all at once. */
  interval: number;
  /** How long an answer may take before the look counts as missed. */
  timeout: number;
}

interface WatchedQueue {
  readonly queue: string;
  readonly sources: Set<DepthSource>;
  /** States that were reported and would freeze when looks fail. */
  readonly states: Set<JobState>;
  delay: number;
  missed: number;
  isLooking: boolean;
}

/** Missed looks after which the series gap instead of freezing. */
const MAX_MISSED = 2;
/** Connections kept for one queue, closed ones until the next look: applications make a queue object per request now and then. */
const MAX_SOURCES = 100;
const MAX_QUEUES = 500;

const state = shared('queues.depth', () => ({
  isStarted: false,
  timing: { first: 500, interval: 15_000, timeout: 5_000 } as DepthTiming,
  watched: new Map<string, WatchedQueue>(),
}));

/** Lets this process look at the depth of its queues; before, watched queues are only remembered. */
export function startDepth(timing: Partial<DepthTiming> = {}): void {
  Object.assign(state.timing, timing);
  if (state.isStarted) return;
  state.isStarted = true;
  for (const watched of state.watched.values()) schedule(watched, state.timing.first);
}

/**
 * Reports the depth of a queue of which this process owns a worker or a producer, from now until all its sources are closed.
 * Looks are made off any path, one at a time for each queue, only while a connection is ready, never keep the process alive, and readings never wait for one.
 */
export function watchDepth(source: DepthSource): void {
  safely('queues.watch', () => {
    if (runtime.configuration.queues?.depth === 'off') return;
    const existing = state.watched.get(source.queue);
    if (existing !== undefined) return addSource(existing, source);
    if (state.watched.size >= MAX_QUEUES) return;
    const watched: WatchedQueue = {
      ...{ queue: source.queue, sources: new Set([source]), states: new Set<JobState>() },
      ...{ delay: state.timing.first, missed: 0, isLooking: false },
    };
    state.watched.set(source.queue, watched);
    if (state.isStarted) schedule(watched, state.timing.first);
  });
}

function addSource({ sources }: WatchedQueue, source: DepthSource): void {
  sources.delete(source);
  if (sources.size >= MAX_SOURCES) for (const each of sources) if (each.state() === 'closed') sources.delete(each);
  const [oldest] = sources;
  if (sources.size >= MAX_SOURCES && oldest !== undefined) sources.delete(oldest);
  sources.add(source);
}

function schedule(watched: WatchedQueue, delay: number): void {
  outside(() => setTimeout(() => void look(watched), delay).unref());
}

/** Looks once and plans the next look. */
async function look(watched: WatchedQueue): Promise<void> {
  const found = watched.isLooking ? undefined : await lookThrough(watched).catch(() => undefined);
  safely('queues.depth', take, watched, found);
  if (found === 'closed') return;
  const { first, interval } = state.timing;
  watched.delay = found === undefined ? Math.min(Math.max(watched.delay * 2, first), interval) : interval;
  safely('queues.schedule', schedule, watched, watched.delay * (1 + Math.random() / 5));
}

/** Reports what a look has found. */
function take(watched: WatchedQueue, found: Depth | 'closed' | undefined): void {
  if (found === 'closed') {
    state.watched.delete(watched.queue);
    clear(watched);
  } else if (found === undefined) {
    watched.missed += 1;
    if (watched.missed === MAX_MISSED) clear(watched);
  } else {
    watched.missed = 0;
    report(watched, found);
  }
}

/** The depth; `closed` when no source is left; undefined when no source is ready, or the answer is an error or late. */
async function lookThrough(watched: WatchedQueue): Promise<Depth | 'closed' | undefined> {
  for (const source of watched.sources) if (source.state() === 'closed') watched.sources.delete(source);
  if (watched.sources.size === 0) return 'closed';
  const ready = [...watched.sources].find((source) => source.state() === 'ready');
  if (ready === undefined) return undefined;
  return within(answerOf(ready, watched), state.timing.timeout);
}

/** Never rejects; a late answer keeps the next look from being made beside it. */
async function answerOf(source: DepthSource, watched: WatchedQueue): Promise<Depth | undefined> {
  watched.isLooking = true;
  try {
    return await source.read();
  } catch {
    return undefined;
  } finally {
    watched.isLooking = false;
  }
}

function within<T>(answer: Promise<T>, timeout: number): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), timeout).unref();
    void answer.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

function report(watched: WatchedQueue, { counts, oldestAgeSeconds }: Depth): void {
  const queue = { 'queue.name': watched.queue };
  for (const [name, count] of Object.entries(counts) as [JobState, number][]) {
    watched.states.add(name);
    record.depth(count, { ...queue, state: name });
  }
  if (oldestAgeSeconds === undefined) record.oldestJobAge.clear(queue);
  else record.oldestJobAge(oldestAgeSeconds, queue);
}

function clear({ queue, states }: WatchedQueue): void {
  for (const name of states) record.depth.clear({ 'queue.name': queue, state: name });
  states.clear();
  record.oldestJobAge.clear({ 'queue.name': queue });
}
