import { TIMERS_KEY } from '@tallyman/core/early';

/** Node's timers as the preload found them; they take the place of the global ones in what it loads later. */
export const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } =
  (globalThis as { [TIMERS_KEY]?: typeof globalThis })[TIMERS_KEY] ?? globalThis;
