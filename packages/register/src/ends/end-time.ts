import { milliseconds } from '../settings/environment.ts';

/** The longest that the end of a process waits for its last values, in milliseconds, unless `TALLYMAN_END_TIMEOUT` is set: with what it takes to leave, half a second. */
const END_TIMEOUT_MS = 470;

let spentMs = 0;

/** The longest that the end of this process may wait, in milliseconds; with 0 nothing is done at its end. */
export function endTimeout(): number {
  return milliseconds('TALLYMAN_END_TIMEOUT', END_TIMEOUT_MS, 0);
}

/** What the end of this process may still spend, in milliseconds. */
export function timeLeft(): number {
  return Math.max(0, endTimeout() - spentMs);
}

/** Keeps the process until the work has settled, for at most the given milliseconds, which count as spent; never rejects. */
export async function keepFor(limitMs: number, work: Promise<unknown>): Promise<void> {
  const startTime = performance.now();
  await new Promise<void>((resolve) => {
    // The timer is what keeps the process: nothing of our exporters does.
    const timer = setTimeout(resolve, limitMs);
    const settled = (): void => {
      clearTimeout(timer);
      resolve();
    };
    work.then(settled, settled);
  });
  spentMs += performance.now() - startTime;
}
