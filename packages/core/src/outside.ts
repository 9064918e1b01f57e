import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Runs work in the context in which Tallyman was loaded, which mostly is nobody's, for timers of ours and all that they start: else the stores of whoever was
 * the first to cause them would live as long as they do.
 */
export const outside: <T>(work: () => T) => T = AsyncLocalStorage.snapshot();
