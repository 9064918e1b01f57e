import { safeParse } from 'valibot';
import { expect, it } from 'vitest';
import { aiConfiguration } from './index.ts';

const problems = (input: unknown): string[] => (safeParse(aiConfiguration, input).issues ?? []).map(({ path, message }) => `${path?.[0]?.key}: ${message}`);

it('takes a price file, or nothing', () => {
  expect(problems({})).toEqual([]);
  expect(problems({ prices: './prices.json', estimate: false })).toEqual([]);
});

it('names an unknown key and a bad value', () => {
  expect(problems({ price: './prices.json' })).toEqual([expect.stringMatching(/^price: .*"price"/)]);
  expect(problems({ prices: '' })).toEqual(['prices: must be the path of a price file']);
  expect(problems({ estimate: 'yes' })).toEqual([expect.stringMatching(/^estimate: .*boolean/)]);
});
