import { stripVTControlCharacters } from 'node:util';
import { aiMetrics, featureMetrics, webhookMetrics } from '@tallyman/catalog';
import { expect, test } from 'vitest';
import { recordedSeries, seriesOf } from './recorded.test.data.ts';
import { render } from './render.ts';

test('the table, the sentence and what is missing in the numbers', () => {
  const more = [
    seriesOf(webhookMetrics.revenue, { currency: 'usd', plan: 'starter' }, 8),
    seriesOf(webhookMetrics.refunded, { currency: 'usd' }, 9.99),
    seriesOf(webhookMetrics.disputed, { currency: 'usd' }, 0),
    seriesOf(aiMetrics.unpricedCalls, { 'gen_ai.request.model': 'aurora-preview' }, 1),
    seriesOf(aiMetrics.unmeteredCalls, { 'gen_ai.request.model': 'gpt-5' }, 0),
  ];
  expect(`\n${render([...recordedSeries, ...more], { colour: false })}\n`).toMatchInlineSnapshot(`
    "
                                                          dollars           revenue per
    feature           uses  AI calls   tokens    dollars    a use  revenue     $1 of AI  failures
    ──────────────────────────────────────────────────────────────────────────────────────────────
    job_match          100       107  120,000      $2.00   $0.020   $18.80        $9.40         3
    cv_parse            40        40    4,000      $0.84   $0.021        –            –         0
    cv_export            5         –        –          –        –        –            –         –
    POST /api/search     –        13      500  $0.000010        –        –            –         1
    (no feature)         –         2        –          –        –        –            –         –
    ──────────────────────────────────────────────────────────────────────────────────────────────
    total              145       162  124,500      $2.84        –   $18.80        $6.62         4

    job_match earned $9.40 per $1 of tokens; cv_parse costs $0.021 a use and earns nothing

    Not in dollars: job_match earned 9.50 EUR.
    $8.00 of the $26.80 received belong to no feature: webhooks.earns in tallyman.config shares a plan's payments out.
    Refunded, and not taken off the revenue: $9.99.
    Missing in the dollars: 1 AI call without a known price (aurora-preview).
    "
  `);
});

test('colour changes nothing but colour', () => {
  const [plain, coloured] = [render(recordedSeries, { colour: false }), render(recordedSeries, { colour: true })];
  expect(coloured).not.toBe(plain);
  expect(stripVTControlCharacters(coloured)).toBe(plain);
});

test('all revenue that is shared out needs no remark', () => {
  expect(render(recordedSeries, { colour: false })).not.toContain('belong to no feature');
});

test('without a figure, one line says so', () => {
  expect(render([], { colour: false })).toBe('No AI call and no use of a named feature yet.');
  expect(render([seriesOf(featureMetrics.generationSuccess, { type: 'text' }, 1)], { colour: false })).toBe('No AI call and no use of a named feature yet.');
});
