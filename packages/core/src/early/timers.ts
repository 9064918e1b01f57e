/** Where Node's timers stand on `globalThis` as they were before the application began. */
export const TIMERS_KEY = Symbol.for('tallyman.timers');

/** Keeps Node's timers for what is loaded later: a test runner may have put fake ones in their place by then, and ours would run in its clock. */
export function keepTimers(): void {
  const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } = globalThis;
  Object.defineProperty(globalThis, TIMERS_KEY, { value: { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } });
}
