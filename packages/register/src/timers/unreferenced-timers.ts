import { setTimeout as original } from './own-timers.ts';

export { clearImmediate, clearInterval, clearTimeout, setImmediate, setInterval } from './own-timers.ts';

/** `setTimeout` whose timers do not keep the process alive; takes the place of the global one in the SDK's bundle. */
export function setTimeout(callback: (...args: unknown[]) => void, milliseconds?: number, ...args: unknown[]): NodeJS.Timeout {
  return original(callback, milliseconds, ...args).unref();
}
