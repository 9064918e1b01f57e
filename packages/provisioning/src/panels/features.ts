import * as units from '@grafana/grafana-foundation-sdk/units';
import { aiMetrics, featureMetrics, queueMetrics, webhookMetrics } from '@tallyman/catalog';
import { anyIsWorthALook, numbers, table } from '../grafana/index.ts';
import { and, increase, ratio, within, zeroWhile } from '../promql/index.ts';
import { reportingProcesses } from './tracking.ts';

const by = ['feature'] as const;
const uses = increase(featureMetrics.usage, { by });
const cost = increase(aiMetrics.cost, { by });
const earned = increase(featureMetrics.revenue, { by, where: { currency: 'usd' } });

/** What each named feature costs and earns. Routes and jobs that stand in as `feature` on costs have no uses, and so no row. */
export const featureTable = table({
  title: 'Features: what a use costs and earns',
  about: 'In the range, in US dollars. Cost per use is the cost of all AI calls of the feature, retries and failures included, divided by its uses.',
  unit: units.Dollars,
  noValue: 'no named feature was used in this range: name features in tallyman.config',
  row: { attribute: 'feature', title: 'Feature' },
  sortedBy: 'AI cost',
  queries: [
    { name: 'Uses', expression: uses, unit: units.LocaleFormat, decimals: 0 },
    { name: 'Failed', expression: ratio(increase(featureMetrics.usage, { by, where: { outcome: 'error' } }), uses), unit: units.PercentUnit, decimals: 1 },
    { name: 'AI cost', expression: within(cost, uses), decimals: 2 },
    { name: 'Cost per use', expression: ratio(cost, uses), decimals: 4 },
    { name: 'Earned', expression: within(earned, uses), decimals: 2 },
    { name: 'Earned per $1 of AI', expression: and(ratio(earned, cost), uses), decimals: 2 },
  ],
});

const revenueUsd = increase(webhookMetrics.revenue, { where: { currency: 'usd' } });

/** Does it earn more than it costs? */
export const revenueAndCost = numbers({
  title: 'Revenue and AI cost',
  about: 'In the range, US dollars only: other currencies are in the table "Money by currency".',
  unit: units.Dollars,
  noValue: 'no data',
  queries: [
    { name: 'Revenue', expression: zeroWhile(reportingProcesses, revenueUsd), decimals: 2 },
    { name: 'AI cost', expression: zeroWhile(reportingProcesses, increase(aiMetrics.cost)), decimals: 2 },
    { name: 'Earned per $1 of AI', expression: ratio(revenueUsd, increase(aiMetrics.cost)), decimals: 2 },
  ],
});

/** What fails? */
export const failures = numbers({
  title: 'Failures',
  about: 'In the range; 0 only while data arrives. The sections below say where and why.',
  unit: units.LocaleFormat,
  noValue: 'no data',
  queries: [
    { name: 'Feature uses', expression: increase(featureMetrics.errors) },
    { name: 'AI calls', expression: increase(aiMetrics.calls, { where: { outcome: 'error' } }) },
    { name: 'Jobs, for good', expression: increase(queueMetrics.failures) },
    { name: 'Payments', expression: increase(webhookMetrics.failures) },
  ].map(({ name, expression }) => ({ name, expression: zeroWhile(reportingProcesses, expression), decimals: 0, thresholds: anyIsWorthALook })),
});
