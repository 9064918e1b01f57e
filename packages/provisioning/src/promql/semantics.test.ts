import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { aiMetrics, featureMetrics, webhookMetrics } from '@tallyman/catalog';
import { requireServers } from '@tallyman/testkit';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { concrete } from '../dashboards/index.ts';
import { type AnyExpression, increase, named, perInterval, ratio, ruleScope, within, zeroWhile } from './index.ts';

const servers = await requireServers('promtool');
const run = promisify(execFile);

interface Case {
  /** Series in promtool's notation, one value a minute. */
  readonly series: Readonly<Record<string, string>>;
  readonly expression: AnyExpression;
  /** What Grafana's variables of time become. */
  readonly range: string;
  readonly at: string;
  /** Labels of the result -> value. */
  readonly gives: Readonly<Record<string, number>>;
}

/** Lets promtool evaluate the expression; rejects with what it got instead. */
async function evaluate({ series, expression, range, at, gives }: Case): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tallyman-promql-'));
  const check = {
    expr: concrete(expression.render(ruleScope), range),
    eval_time: at,
    exp_samples: Object.entries(gives).map(([labels, value]) => ({ labels, value })),
  };
  const input = Object.entries(series).map(([name, values]) => ({ series: name, values }));
  const file = join(folder, 'case.test.yaml');
  await writeFile(file, stringify({ tests: [{ interval: '1m', input_series: input, promql_expr_test: [check] }] }));
  try {
    await run(servers.found.promtool?.path ?? 'promtool', ['test', 'rules', file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe.skipIf(servers.missing)('evaluated by promtool', () => {
  const conversions = increase(webhookMetrics.conversions, { by: ['plan'] });

  it.each<[string, Case]>([
    [
      'increase counts a series that appears in full, together with one that was there',
      {
        series: { 'payment_conversions_total{plan="a", instance="1"}': '_x50 3x20', 'payment_conversions_total{plan="a", instance="2"}': '5x70' },
        expression: conversions,
        range: '30m',
        at: '1h',
        gives: { '{plan="a"}': 3 },
      },
    ],
    [
      'increase counts a process that came and went within the range',
      {
        series: { 'payment_conversions_total{plan="a", instance="1"}': '_x80 2x10 stale' },
        expression: conversions,
        range: '1h',
        at: '2h',
        gives: { '{plan="a"}': 2 },
      },
    ],
    [
      'increase goes on over a restart under the same labels',
      {
        series: { 'payment_conversions_total{plan="a"}': '0x70 0+1x20 0+1x20' },
        expression: conversions,
        range: '1h',
        at: '1h50m',
        gives: { '{plan="a"}': 38 },
      },
    ],
    [
      'perInterval counts the first event of a series in its interval',
      {
        series: { 'payment_conversions_total{plan="a"}': '_x10 1x10' },
        expression: perInterval(webhookMetrics.conversions, { by: ['plan'] }),
        range: '1m',
        at: '10m',
        gives: { '{plan="a"}': 1 },
      },
    ],
    [
      'perInterval counts nothing in the next, and later exactly what came',
      {
        series: { 'payment_conversions_total{plan="a"}': '_x10 1x5 3x10' },
        expression: perInterval(webhookMetrics.conversions, { by: ['plan'] }),
        range: '2m',
        at: '13m',
        gives: { '{plan="a"}': 0 },
      },
    ],
    [
      'perInterval is exact between two readings',
      {
        series: { 'payment_conversions_total{plan="a"}': '_x10 1x5 3x10' },
        expression: perInterval(webhookMetrics.conversions, { by: ['plan'] }),
        range: '2m',
        at: '17m',
        gives: { '{plan="a"}': 2 },
      },
    ],
    [
      'perInterval counts what came since a restart',
      {
        series: { 'payment_conversions_total{plan="a"}': '9x10 4x10' },
        expression: perInterval(webhookMetrics.conversions, { by: ['plan'] }),
        range: '1m',
        at: '11m',
        gives: { '{plan="a"}': 4 },
      },
    ],
    [
      'a ratio is 0 without a part and absent without a whole',
      {
        series: {
          'feature_usage_total{feature="a", outcome="ok"}': '_x5 4x20',
          'feature_usage_total{feature="b", outcome="ok"}': '0x25',
          'ai_cost_usd_total{feature="GET /c"}': '_x5 1x20',
        },
        expression: ratio(increase(aiMetrics.cost, { by: ['feature'] }), increase(featureMetrics.usage, { by: ['feature'] })),
        range: '20m',
        at: '20m',
        gives: { '{feature="a"}': 0 },
      },
    ],
    [
      'within has a row for every series of the second, and no other',
      {
        series: { 'feature_usage_total{feature="a", outcome="ok"}': '_x5 4x20', 'ai_cost_usd_total{feature="GET /c"}': '_x5 1x20' },
        expression: within(increase(aiMetrics.cost, { by: ['feature'] }), increase(featureMetrics.usage, { by: ['feature'] })),
        range: '20m',
        at: '20m',
        gives: { '{feature="a"}': 0 },
      },
    ],
    [
      'zeroWhile is 0 while the other is there',
      {
        series: { 'ai_calls_total{outcome="ok"}': '7x20' },
        expression: zeroWhile(increase(aiMetrics.calls), increase(featureMetrics.errors)),
        range: '5m',
        at: '20m',
        gives: { '{}': 0 },
      },
    ],
    [
      'zeroWhile is silent when both are',
      {
        series: { 'unrelated{}': '7x20' },
        expression: zeroWhile(increase(aiMetrics.calls), increase(featureMetrics.errors)),
        range: '5m',
        at: '20m',
        gives: {},
      },
    ],
    [
      'named gives a name to what has none',
      {
        series: { 'ai_calls_total{outcome="ok"}': '_x5 7x20', 'ai_calls_total{feature="a", outcome="ok"}': '_x5 2x20' },
        expression: named(increase(aiMetrics.calls, { by: ['feature'] }), 'feature', '(none)'),
        range: '20m',
        at: '20m',
        gives: { '{feature="(none)"}': 7, '{feature="a"}': 2 },
      },
    ],
  ])('%s', async (_, one) => {
    await expect(evaluate(one)).resolves.toBeUndefined();
  });
});
