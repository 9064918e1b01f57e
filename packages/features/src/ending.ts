import { safely } from '@tallyman/core';

/** Told once how something ended. */
export type End = (outcome: 'ok' | 'error', error?: unknown) => void;

type Then = (this: unknown, onFulfilled?: ((value: unknown) => unknown) | null, onRejected?: ((error: unknown) => unknown) | null) => unknown;

/**
 * Tells `end` when the result is there, and gives the result back. A rejection that nobody handles stays one.
 * A promise of another class (an SDK's, with methods of its own) stays the same object and ends when it is first awaited; to await it for it could start
 * what the application does not want started.
 */
export function endWith<T>(result: T, end: End): T {
  if (!isThenable(result)) {
    end('ok');
    return result;
  }
  if (result instanceof Promise && result.constructor === Promise) return Reflect.apply(result.then, result, listeners(end)) as T;
  safely('features.promise', () => endWhenAwaited(result, end));
  return result;
}

function isThenable(value: unknown): value is { then: Then } {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

function listeners(end: End, onFulfilled?: Parameters<Then>[0], onRejected?: Parameters<Then>[1]): Parameters<Then> {
  return [
    (value) => {
      end('ok');
      return typeof onFulfilled === 'function' ? onFulfilled(value) : value;
    },
    (error) => {
      end('error', error);
      if (typeof onRejected === 'function') return onRejected(error);
      throw error;
    },
  ];
}

/** `await`, `catch` and `finally` all go through `then` of a promise that is no plain one. */
function endWhenAwaited(promise: { then: Then }, end: End): void {
  const { then } = promise;
  let hasEnded = false;
  const once: End = (outcome, error) => {
    if (hasEnded) return;
    hasEnded = true;
    end(outcome, error);
  };
  const observed: Then = function (this: unknown, onFulfilled, onRejected) {
    return Reflect.apply(then, this, listeners(once, onFulfilled, onRejected));
  };
  Object.defineProperty(promise, 'then', { value: observed, writable: true, configurable: true, enumerable: false });
}
