import { safely } from '@tallyman/core';

/** Told once how something ended. */
export type End = (outcome: 'ok' | 'error', error?: unknown) => void;

type Then = (this: unknown, onFulfilled?: ((value: unknown) => unknown) | null, onRejected?: ((error: unknown) => unknown) | null) => unknown;

/**
 * Tells `end` when the result is there, and gives the result back. A rejection that nobody handles stays one.
 * A plain promise is followed by another one, with the properties that the application has put on the first.
 * A promise of another class (an SDK's, with methods of its own) stays the same object and ends when it is first awaited; to await it for it could start
 * what the application does not want started.
 */
export function endWith<T>(result: T, end: End): T {
  let given = result;
  safely('features.result', () => {
    const kind = kindOf(result);
    if (kind === 'promise') given = follow(result as Promise<unknown>, end) as T;
    else if (kind === 'thenable') endWhenAwaited(result as { then: Then }, end);
    else end('ok');
  });
  return given;
}

function follow(promise: Promise<unknown>, end: End): Promise<unknown> {
  const own = Object.getOwnPropertyDescriptors(promise);
  return Object.defineProperties(Promise.prototype.then.apply(promise, listeners(end)), own);
}

/** A result may be a proxy, or have a getter, that throws: what cannot be awaited either is a value. */
function kindOf(value: unknown): 'promise' | 'thenable' | 'value' {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return 'value';
  try {
    const { then } = value as { then?: unknown };
    if (typeof then !== 'function') return 'value';
    const isPlain = value instanceof Promise && value.constructor === Promise && then === Promise.prototype.then;
    return isPlain ? 'promise' : 'thenable';
  } catch {
    return 'value';
  }
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
  const { enumerable = false } = Object.getOwnPropertyDescriptor(promise, 'then') ?? {};
  Object.defineProperty(promise, 'then', { value: observed, writable: true, configurable: true, enumerable });
}
