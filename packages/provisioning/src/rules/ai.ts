import { aiMetrics, featureMetrics } from '@tallyman/catalog';
import { above, and, atLeast, increase, rate, ratio } from '../promql/index.ts';
import { type Alert, record } from './rule.ts';

const by = ['service', 'gen_ai.provider.name'] as const;

/** Share of AI calls that failed in five minutes: 0 without failures, absent without calls. */
export const failedCalls = record(
  'service_provider:ai_calls_failed:ratio_rate5m',
  ratio(rate(aiMetrics.calls, { by, where: { outcome: 'error' }, over: '5m' }), rate(aiMetrics.calls, { by, over: '5m' })),
);

/** Dollars of the last hour, by who asked. */
export const hourlyCost = record('service_feature:ai_cost_usd:increase1h', increase(aiMetrics.cost, { by: ['service', 'feature'], over: '1h' }));

/** Dollars for one use of a named feature, over all services that take part in it. */
export const costPerUse = record(
  'feature:ai_cost_usd_per_use:ratio_increase1h',
  ratio(increase(aiMetrics.cost, { by: ['feature'], over: '1h' }), increase(featureMetrics.usage, { by: ['feature'], over: '1h' })),
);

/** Alerts on AI calls. */
export const aiAlerts: readonly Alert[] = [
  {
    name: 'AiErrorRatioHigh',
    expression: and(above(failedCalls.series, 0.2), atLeast(increase(aiMetrics.calls, { by, over: '15m' }), 10)),
    for: '5m',
    severity: 'page',
    area: 'ai',
    summary: '{{ $value | humanizePercentage }} of the calls of {{ $labels.service }} to {{ $labels.gen_ai_provider_name }} fail',
    description:
      'More than a fifth of the AI calls ended in an error for five minutes, of at least ten in a quarter of an hour. Look at the classes of error first.',
  },
  {
    name: 'AiCallsUnpriced',
    expression: above(increase(aiMetrics.unpricedCalls, { by: ['service', 'gen_ai.provider.name', 'gen_ai.request.model'], over: '1h' }), 0),
    for: '5m',
    severity: 'ticket',
    area: 'ai',
    summary: '{{ $labels.service }} calls {{ $labels.gen_ai_request_model }} of {{ $labels.gen_ai_provider_name }}, whose price is not known',
    description: 'The cost of these calls is missing from every figure in dollars. Name the model in the price file.',
  },
];
