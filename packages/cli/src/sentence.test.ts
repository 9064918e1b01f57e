import { aiMetrics, featureMetrics } from '@tallyman/catalog';
import { expect, test } from 'vitest';
import { recordedSeries, seriesOf } from './recorded.test.data.ts';
import { sentenceOf } from './sentence.ts';
import type { Series } from './series.ts';
import { tableOf } from './table.ts';

function feature(
  name: string,
  { uses = 100, dollars, revenue, currency = 'usd' }: { uses?: number; dollars: number; revenue?: number; currency?: string },
): Series[] {
  return [
    seriesOf(featureMetrics.usage, { feature: name, outcome: 'ok' }, uses),
    seriesOf(aiMetrics.cost, { feature: name }, dollars),
    ...(revenue === undefined ? [] : [seriesOf(featureMetrics.revenue, { feature: name, currency }, revenue)]),
  ];
}

const sentence = (...series: readonly Series[][]) => sentenceOf(tableOf(series.flat()));

test('what the biggest earner earns for its tokens, and what costs without earning', () => {
  expect(sentence([...recordedSeries])).toBe('job_match earned $9.40 per $1 of tokens; cv_parse costs $0.021 a use and earns nothing');
});

test('the biggest earner is the one with the most revenue, not the one whose cents cost next to nothing', () => {
  expect(sentence(feature('a', { dollars: 1, revenue: 5 }), feature('tiny', { dollars: 0.001, revenue: 0.5 }))).toBe(
    'a earned $5.00 per $1 of tokens; tiny costs $0.000010 a use',
  );
});

test('what earns nothing is named before what earns in another currency', () => {
  const earner = feature('a', { dollars: 1, revenue: 5 });
  const abroad = feature('b', { dollars: 2, revenue: 1, currency: 'jpy' });
  expect(sentence(earner, abroad, feature('c', { dollars: 1 }))).toBe('a earned $5.00 per $1 of tokens; c costs $0.010 a use and earns nothing');
});

test('among those that earn nothing, the one that costs most', () => {
  const earner = feature('a', { dollars: 1, revenue: 5 });
  expect(sentence(earner, feature('small', { dollars: 1 }), feature('big', { dollars: 3 }))).toBe(
    'a earned $5.00 per $1 of tokens; big costs $0.030 a use and earns nothing',
  );
});

test('who earns something does not earn nothing, in whatever currency', () => {
  const earner = feature('a', { dollars: 1, revenue: 5 });
  expect(sentence(earner, feature('b', { dollars: 2, revenue: 1 }))).toBe('a earned $5.00 per $1 of tokens; b costs $0.020 a use');
  expect(sentence(earner, feature('b', { dollars: 2, revenue: 1, currency: 'eur' }))).toBe('a earned $5.00 per $1 of tokens; b costs $0.020 a use');
});

test('where no revenue is known, only what is known is said', () => {
  expect(sentence(feature('b', { dollars: 2 }))).toBe('b costs $0.020 a use');
});

test('one feature alone', () => {
  expect(sentence(feature('a', { dollars: 1, revenue: 0.4 }))).toBe('a earned $0.40 per $1 of tokens');
});

test('nothing is said of what nobody named, or before anything has cost something', () => {
  expect(sentence([seriesOf(aiMetrics.cost, { feature: 'POST /api/search' }, 1)])).toBeUndefined();
  expect(sentence(feature('a', { dollars: 0, revenue: 3 }))).toBeUndefined();
});
