import { featureMetrics } from '@tallyman/catalog';
import { recordedBy, thenable } from '@tallyman/testkit';
import { describe, expect, test } from 'vitest';
import { feature } from './index.ts';

const { usage, errors } = featureMetrics;

/** As SDKs have them: a promise that does its work when it is awaited, with ways around that. */
class LazyPromise<T> extends Promise<T> {
  awaited = 0;

  // biome-ignore lint/suspicious/noThenProperty: overriding `then` is how such SDKs see that they are awaited
  override then<A, B>(onFulfilled?: ((value: T) => A | PromiseLike<A>) | null, onRejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<A | B> {
    this.awaited += 1;
    return super.then(onFulfilled, onRejected);
  }

  raw(): string {
    return 'raw';
  }
}

const lazy = (settle: (resolve: (value: string) => void, reject: (error: unknown) => void) => void) => new LazyPromise<string>(settle);

describe('a promise of another class', () => {
  test('stays the same object, is not awaited for it, and is a use once, when the application awaits it', async () => {
    const promise = lazy((resolve) => resolve('value'));
    const recorded = await recordedBy(async () => {
      const given = feature('lazy', () => promise);
      expect(given).toBe(promise);
      expect([given.raw(), given.awaited]).toEqual(['raw', 0]);
      expect([await given, await given.finally(() => {}), await Promise.all([given])]).toEqual(['value', 'value', ['value']]);
    });
    expect(recorded.value(usage, { feature: 'lazy', outcome: 'ok' })).toBe(1);
  });

  test('rejects with the identical error, by await, catch and finally, and has failed once', async () => {
    const error = new RangeError('no');
    const recorded = await recordedBy(async () => {
      const given = feature('lazy', () => lazy((_resolve, reject) => reject(error)));
      await expect(given).rejects.toBe(error);
      expect(await given.catch((caught) => caught)).toBe(error);
      await expect(given.finally(() => {})).rejects.toBe(error);
    });
    expect(recorded.value(usage, { feature: 'lazy', outcome: 'error' })).toBe(1);
    expect(recorded.value(errors, { feature: 'lazy', 'error.type': 'RangeError' })).toBe(1);
  });
});

test('a thenable that is no promise is a use when it is awaited', async () => {
  const recorded = await recordedBy(async () => expect(await feature('thenable', () => thenable(() => 7))).toBe(7));
  expect(recorded.value(usage, { feature: 'thenable', outcome: 'ok' })).toBe(1);
});

test('a rejection that nobody handles is still told to the process, once', async () => {
  const listeners = process.rawListeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  const seen: unknown[] = [];
  const note = (reason: unknown) => void seen.push(reason);
  process.on('unhandledRejection', note);
  const error = new Error('nobody');
  feature('unhandled', async () => {
    throw error;
  });
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  process.removeListener('unhandledRejection', note);
  for (const listener of listeners) process.on('unhandledRejection', listener as NodeJS.UnhandledRejectionListener);
  expect(seen).toEqual([error]);
});

test.each([undefined, null, 0, 'text', Symbol.iterator])('%s is given back as it is', (value) => {
  expect(feature('plain', () => value)).toBe(value);
});
