import { type AttributesOf, aiMetrics, featureMetrics, type MetricSpec, webhookMetrics } from '@tallyman/catalog';
import type { Series } from './series.ts';

/** A series of a metric, for tests: the attributes that matter there. */
export function seriesOf<M extends MetricSpec>(metric: M, attributes: Partial<AttributesOf<M>>, value: number): Series {
  return { metric: metric.name, attributes: attributes as Record<string, string>, value };
}

/** What two processes of an application reported: one that serves requests, one that works on its queues. */
export const recordedSeries: readonly Series[] = [
  seriesOf(featureMetrics.usage, { feature: 'job_match', outcome: 'ok' }, 97),
  seriesOf(featureMetrics.usage, { feature: 'job_match', outcome: 'error' }, 3),
  seriesOf(aiMetrics.calls, { feature: 'job_match', outcome: 'ok' }, 104),
  seriesOf(aiMetrics.calls, { feature: 'job_match', outcome: 'error' }, 2),
  seriesOf(aiMetrics.calls, { feature: 'job_match', outcome: 'aborted' }, 1),
  seriesOf(aiMetrics.inputTokens, { feature: 'job_match', 'gen_ai.token.modality': 'text' }, 90_000),
  seriesOf(aiMetrics.outputTokens, { feature: 'job_match', 'gen_ai.token.modality': 'text' }, 30_000),
  seriesOf(aiMetrics.cacheReadTokens, { feature: 'job_match', 'gen_ai.token.modality': 'text' }, 40_000),
  seriesOf(aiMetrics.cost, { feature: 'job_match', 'cost.component': 'input' }, 1.5),
  seriesOf(aiMetrics.cost, { feature: 'job_match', 'cost.component': 'output' }, 0.5),
  seriesOf(featureMetrics.revenue, { feature: 'job_match', currency: 'usd' }, 18.8),
  seriesOf(featureMetrics.revenue, { feature: 'job_match', currency: 'eur' }, 9.5),
  seriesOf(webhookMetrics.revenue, { currency: 'usd', plan: 'premium' }, 18.8),

  seriesOf(featureMetrics.usage, { feature: 'cv_parse', outcome: 'ok' }, 30),
  seriesOf(featureMetrics.usage, { feature: 'cv_parse', outcome: 'error' }, 0),
  seriesOf(featureMetrics.usage, { feature: 'cv_parse', outcome: 'ok' }, 10),
  seriesOf(aiMetrics.calls, { feature: 'cv_parse', outcome: 'ok' }, 40),
  seriesOf(aiMetrics.inputTokens, { feature: 'cv_parse' }, 4_000),
  seriesOf(aiMetrics.cost, { feature: 'cv_parse', 'cost.component': 'total' }, 0.84),

  seriesOf(featureMetrics.usage, { feature: 'cv_export', outcome: 'ok' }, 5),

  seriesOf(aiMetrics.calls, { feature: 'POST /api/search', outcome: 'ok' }, 12),
  seriesOf(aiMetrics.calls, { feature: 'POST /api/search', outcome: 'error' }, 1),
  seriesOf(aiMetrics.inputTokens, { feature: 'POST /api/search' }, 500),
  seriesOf(aiMetrics.cost, { feature: 'POST /api/search' }, 0.00001),
  seriesOf(aiMetrics.calls, { feature: 'mails/digest', outcome: 'ok' }, 0),
  seriesOf(aiMetrics.calls, { outcome: 'ok' }, 2),
];
