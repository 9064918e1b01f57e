import { aiMetrics, featureMetrics } from '@tallyman/catalog';
import { expect, test } from 'vitest';
import { recordedSeries, seriesOf } from './recorded.test.data.ts';
import { type Row, tableOf } from './table.ts';

const { rows, total, foreignRevenue } = tableOf(recordedSeries);
const row = (name: string): Row | undefined => rows.find((one) => one.name === name);

test('a feature: uses, calls and tokens of all outcomes, cost of all components, and their ratios', () => {
  expect(row('job_match')).toEqual({
    name: 'job_match',
    kind: 'named',
    uses: 100,
    aiCalls: 107,
    tokens: 120_000,
    dollars: 2,
    dollarsPerUse: 0.02,
    revenue: 18.8,
    revenuePerDollar: 9.4,
    failures: 3,
  });
});

test('the same series of two processes are summed, and what nobody reported is not 0', () => {
  expect(row('cv_parse')).toMatchObject({ uses: 40, dollarsPerUse: expect.closeTo(0.021), failures: 0, revenue: undefined, revenuePerDollar: undefined });
  expect(row('cv_export')).toMatchObject({ uses: 5, aiCalls: undefined, tokens: undefined, dollars: undefined, dollarsPerUse: undefined });
});

test('routes and jobs that nobody named follow the features when they make AI calls, with failed calls for failures', () => {
  expect(rows.map(({ name }) => name)).toEqual(['job_match', 'cv_parse', 'cv_export', 'POST /api/search', '(no feature)']);
  expect(row('POST /api/search')).toMatchObject({ kind: 'standIn', uses: undefined, aiCalls: 13, failures: 1, dollarsPerUse: undefined });
  expect(row('(no feature)')).toMatchObject({ kind: 'standIn', uses: undefined, aiCalls: 2, revenue: undefined });
});

test('a feature whose name looks like a job is named as soon as it is used', () => {
  const calls = seriesOf(aiMetrics.calls, { feature: 'cv/parse', outcome: 'ok' }, 1);
  expect(tableOf([calls]).rows).toMatchObject([{ kind: 'standIn' }]);
  expect(tableOf([calls, seriesOf(featureMetrics.usage, { feature: 'cv/parse', outcome: 'ok' }, 1)]).rows).toMatchObject([{ kind: 'named' }]);
});

test('the total is the sum of the rows; a mean over different features would say nothing', () => {
  expect(total).toMatchObject({ kind: 'total', uses: 145, aiCalls: 162, tokens: 124_500, revenue: 18.8, failures: 4, dollarsPerUse: undefined });
  expect(total.dollars).toBeCloseTo(2.84001, 10);
  expect(total.revenuePerDollar).toBeCloseTo(18.8 / 2.84001, 10);
});

test('other currencies stand apart', () => {
  expect(foreignRevenue).toEqual([{ feature: 'job_match', currency: 'eur', amount: 9.5 }]);
});

test('dollars without uses, and revenue without dollars, have no ratio', () => {
  const series = [seriesOf(aiMetrics.cost, { feature: 'a' }, 1), seriesOf(featureMetrics.revenue, { feature: 'b', currency: 'usd' }, 1)];
  expect(tableOf(series).rows).toMatchObject([
    { name: 'a', dollarsPerUse: undefined },
    { name: 'b', revenuePerDollar: undefined },
  ]);
});
