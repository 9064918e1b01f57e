import { expect, it } from 'vitest';
import { majorUnits } from './currencies.ts';

it.each([
  [1099, 'usd', 10.99],
  [1099, 'EUR', 10.99],
  [500, 'jpy', 500],
  [500, 'KRW', 500],
  [5120, 'kwd', 5.12],
  [5120, 'bhd', 5.12],
  [10000, 'clf', 1],
  [1099, 'xyz', 10.99],
  [1, 'constructor', 0.01],
])('%d of the smallest unit of %s is %d', (minor, currency, major) => {
  expect(majorUnits({ minor, currency })).toBe(major);
});

it('takes the decimals that the provider states', () => {
  expect(majorUnits({ minor: 500, currency: 'isk', decimals: 2 })).toBe(5);
  expect(majorUnits({ minor: 500, currency: 'mga', decimals: 0 })).toBe(500);
});
