import { setTimeout as delay } from 'node:timers/promises';

/** How long to wait, and how to name what was last seen when the time is up. */
export interface WaitOptions<T> {
  /** Milliseconds; 20000 unless given. */
  readonly timeout?: number;
  /** Milliseconds between two looks; 50 unless given. */
  readonly interval?: number;
  readonly describe?: (last: T | undefined) => string;
}

/**
 * Looks again and again until `accept` is true, and resolves with what was seen.
 *
 * A look that throws counts as not yet. Throws, with the last value or error, when the time is up.
 */
export async function waitFor<T>(look: () => T | Promise<T>, accept: (value: T) => boolean, options: WaitOptions<T> = {}): Promise<T> {
  const { timeout = 20_000, interval = 50, describe = (last) => JSON.stringify(last) } = options;
  const deadline = Date.now() + timeout;
  for (;;) {
    let last: T | undefined;
    let failure: unknown;
    try {
      last = await look();
      if (accept(last)) return last;
    } catch (error) {
      failure = error;
    }
    if (Date.now() >= deadline) {
      throw new Error(`not within ${timeout} ms; last: ${failure === undefined ? describe(last) : String(failure)}`, { cause: failure });
    }
    await delay(interval);
  }
}
