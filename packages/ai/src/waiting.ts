import { outside, safely, shared } from '@tallyman/core';

/** How long an answer may wait for the application before its call is recorded as it stands, in milliseconds. */
export const PATIENCE = 300_000;

/** Calls that are watched at a time. */
const MAX_WAITING = 10_000;

/** A call whose answer has arrived and that has not ended. */
export interface OpenCall {
  /** `performance.now()` since when the application has asked for nothing; undefined while the provider has to deliver. */
  readonly idleSince: number | undefined;
  /** Records the call as it stands. */
  abandon(): void;
}

interface Waiting {
  readonly calls: Set<OpenCall>;
  timer: NodeJS.Timeout | undefined;
}

const waiting = shared<Waiting>('ai.waiting', () => ({ calls: new Set(), timer: undefined }));

/** Watches a call, so that it is recorded even if the application never reads its answer to the end. */
export function watch(call: OpenCall): void {
  waiting.calls.add(call);
  if (waiting.calls.size > MAX_WAITING) letGo();
  waiting.timer ??= outside(sweepLater);
}

/** The oldest is recorded as it stands; one whose answer still comes is only watched no more: it ends by itself. */
function letGo(): void {
  const [oldest] = waiting.calls;
  if (oldest === undefined) return;
  waiting.calls.delete(oldest);
  if (oldest.idleSince !== undefined) oldest.abandon();
}

/** Ends the watch. */
export function unwatch(call: OpenCall): void {
  waiting.calls.delete(call);
}

/**
 * Records the calls whose answer the application has left unread for `patience` milliseconds (0: for however short a time).
 * For the end of a process, before the last values are delivered; calls that the provider still answers are left alone.
 */
export function endIdleCalls(patience = 0): void {
  const latest = performance.now() - patience;
  for (const call of [...waiting.calls]) if (call.idleSince !== undefined && call.idleSince <= latest) call.abandon();
}

function sweep(): void {
  waiting.timer = undefined;
  safely('ai.sweep', endIdleCalls, PATIENCE);
  if (waiting.calls.size > 0) waiting.timer ??= outside(sweepLater);
}

function sweepLater(): NodeJS.Timeout {
  return setTimeout(sweep, PATIENCE).unref();
}
