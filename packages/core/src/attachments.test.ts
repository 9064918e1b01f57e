import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { attachments } from './attachments.ts';

it('keeps a value with an object of others, which looks and serialises as before', () => {
  const kept = attachments<string>();
  const others = attachments<string>();
  const job = { name: 'parse' };
  kept.set(job, 'first');
  kept.set(job, 'second');
  expect(kept.get(job)).toBe('second');
  expect(others.get(job)).toBeUndefined();
  expect(kept.get({ ...job })).toBeUndefined();
  expect(Reflect.ownKeys(job)).toEqual(['name']);
  expect(inspect(job, { showHidden: true })).toBe(inspect({ name: 'parse' }, { showHidden: true }));
  expect(structuredClone(job)).toEqual({ name: 'parse' });
});
