import { expect, test } from 'vitest';
import { formatCount, formatDollars, formatMoney } from './format.ts';

test.each([
  [undefined, '–'],
  [0, '$0.00'],
  [0.0000001, '<$0.000001'],
  [0.0000213, '$0.000021'],
  [0.0021, '$0.0021'],
  [0.0213, '$0.021'],
  [0.03, '$0.030'],
  [0.999, '$1.00'],
  [9.4, '$9.40'],
  [999.99, '$999.99'],
  [999.999, '$1,000'],
  [1234.4, '$1,234'],
  [1234567, '$1,234,567'],
])('%s dollars: %s', (value, text) => {
  expect(formatDollars(value)).toBe(text);
});

test('counts have thousands separators', () => {
  expect([formatCount(undefined), formatCount(7), formatCount(1234567)]).toEqual(['–', '7', '1,234,567']);
});

test('other currencies carry their code', () => {
  expect([formatMoney(1234.5, 'eur'), formatMoney(30_000, 'jpy'), formatMoney(9.9, 'usd')]).toEqual(['1,234.50 EUR', '30,000 JPY', '$9.90']);
});
