import { channel } from 'node:diagnostics_channel';
import { isMainThread } from 'node:worker_threads';
import { outside, runtime, safely } from '@tallyman/core';
import { endTimeout, timeLeft } from './ends/end-time.ts';
import { listenFirstAndLast } from './ends/exit-listener.ts';
import { listenWhileAlone } from './ends/signal-listener.ts';

/** Calls `notice` at the first record or the first listening HTTP server, and `start` once soon after it, from a timer that keeps nothing alive. Returns what asks for it earlier. */
export function onFirstNeed(start: () => void, notice: () => void): () => void {
  let scheduled = false;
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    safely('register.notice', notice);
    outside(() => setTimeout(() => safely('register.start', start), 10).unref());
  };
  if (runtime.registry.changes > 0) schedule();
  runtime.registry.onFirstRecord = schedule;
  // Plain net servers are announced here too; only HTTP servers have this property, and node:http must not be loaded to tell.
  const listens = (message: unknown): void => {
    if ('headersTimeout' in ((message as { server?: object }).server ?? {})) schedule();
  };
  channel('tracing:net.server.listen:asyncStart').subscribe((message) => void safely('register.listen', listens, message));
  return schedule;
}

/** The two ways to deliver the last values. Both take the milliseconds that they may spend. */
export interface LastDelivery {
  /** Delivers while the process waits; returns whether all has arrived. */
  readonly now: (milliseconds: number) => boolean;
  /** Delivers while the process goes on; given only where it cannot wait. Never rejects. */
  readonly later?: (milliseconds: number) => Promise<void>;
}

/** Delivers when the process ends by itself, by `process.exit` or by an uncaught error, and on signals that nobody else handles; unless the end may take no time. */
export function onEnd({ now, later }: LastDelivery): void {
  if (endTimeout() === 0) return;
  const deliver = (spendMs: number): boolean => safely('register.flush', () => now(spendMs)) === true;
  listenFirstAndLast(timeLeft, deliver);
  if (later !== undefined) process.once('beforeExit', () => void later(timeLeft()));
  // Windows has no such signals to raise again, and none reaches a worker thread.
  if (process.platform === 'win32' || !isMainThread) return;
  const flush = later === undefined ? () => void deliver(timeLeft()) : () => later(timeLeft());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) listenWhileAlone(signal, flush);
}
