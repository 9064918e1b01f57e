import * as units from '@grafana/grafana-foundation-sdk/units';
import { aiMetrics } from '@tallyman/catalog';
import { bars, lines } from '../grafana/index.ts';
import { known, named, perInterval, quantile, rate, ratio, times } from '../promql/index.ts';

const byModel = ['gen_ai.request.model'] as const;
const byFeature = ['feature'] as const;
const noValue = 'no AI call in this range';
const nobody = '(no feature)';

/** Dollars per hour, by who asked. */
export const costByFeature = lines({
  title: 'AI cost per hour, by feature',
  about: 'A route (POST /api/match) or a job (queue/job) stands in where no feature is named.',
  unit: units.Dollars,
  noValue,
  stacked: true,
  queries: [{ expression: named(times(3600, rate(aiMetrics.cost, { by: byFeature })), 'feature', nobody) }],
});

/** Dollars per hour, by model. */
export const costByModel = lines({
  title: 'AI cost per hour, by model',
  about: 'The model that the application asked for.',
  unit: units.Dollars,
  noValue,
  stacked: true,
  queries: [{ expression: times(3600, rate(aiMetrics.cost, { by: byModel })) }],
});

/** Calls that the cost does not contain. */
export const callsWithoutCost = bars({
  title: 'AI calls without price or usage',
  about: 'What the cost above does not contain.',
  unit: units.Short,
  noValue,
  stacked: true,
  queries: [
    { name: 'no price:', expression: perInterval(aiMetrics.unpricedCalls, { by: byModel }) },
    { name: 'no usage reported:', expression: perInterval(aiMetrics.unmeteredCalls, { by: byModel }) },
  ],
});

/** Calls per minute, by who asked. */
export const callsByFeature = lines({
  title: 'AI calls, by feature',
  about: 'Calls per minute.',
  unit: units.CountsPerMinute,
  noValue,
  stacked: true,
  queries: [{ expression: named(times(60, rate(aiMetrics.calls, { by: byFeature })), 'feature', nobody) }],
});

/** Share of failed calls. */
export const callErrorShare = lines({
  title: 'Failed AI calls, share by model',
  about: 'Calls that ended in an error after the retries of the SDK; aborted ones are no failures.',
  unit: units.PercentUnit,
  noValue,
  max: 1,
  queries: [{ expression: ratio(rate(aiMetrics.calls, { by: byModel, where: { outcome: 'error' } }), rate(aiMetrics.calls, { by: byModel })) }],
});

/** Failed calls by class of error. */
export const callErrors = bars({
  title: 'Failed AI calls, by class of error',
  about: 'A status code or an error class: 429 is a rate limit, 400 usually a prompt that is too long.',
  unit: units.Short,
  noValue: 'no AI call failed in this range',
  stacked: true,
  queries: [aiMetrics.inferenceDuration, aiMetrics.operationDuration].map((metric) => ({
    expression: perInterval(metric, { by: ['error.type', 'gen_ai.request.model'], where: { 'error.type': known } }),
  })),
});

/** How long calls take. */
export const callDuration = lines({
  title: 'AI calls: duration, p95 by model',
  about: '19 of 20 calls are faster. Streams last until their last chunk.',
  unit: units.Seconds,
  noValue,
  queries: [{ expression: quantile(aiMetrics.inferenceDuration, 0.95, { by: byModel }) }],
});

/** How long streams take to begin. */
export const timeToFirstChunk = lines({
  title: 'AI streams: time to first chunk, p95 by model',
  about: '19 of 20 streams begin sooner.',
  unit: units.Seconds,
  noValue: 'no streamed answer in this range',
  queries: [{ expression: quantile(aiMetrics.timeToFirstChunk, 0.95, { by: byModel }) }],
});

/** How much of the prompts is cheaper. */
export const cachedShare = lines({
  title: 'Input tokens read from the cache, share by model',
  about: 'A drop means that the beginning of a prompt changed.',
  unit: units.PercentUnit,
  noValue,
  max: 1,
  queries: [{ expression: ratio(rate(aiMetrics.cacheReadTokens, { by: byModel }), rate(aiMetrics.inputTokens, { by: byModel })) }],
});

/** Tokens per minute, by model. */
export const tokensByModel = lines({
  title: 'Tokens, by model',
  about: 'Tokens per minute; input contains what was read from the cache, output contains reasoning.',
  unit: units.CountsPerMinute,
  noValue,
  queries: [
    { name: 'input', expression: times(60, rate(aiMetrics.inputTokens, { by: byModel })) },
    { name: 'output', expression: times(60, rate(aiMetrics.outputTokens, { by: byModel })) },
  ],
});

/** Tokens per minute, by who asked. */
export const tokensByFeature = lines({
  title: 'Tokens, by feature',
  about: 'Tokens per minute.',
  unit: units.CountsPerMinute,
  noValue,
  queries: [
    { name: 'input', expression: named(times(60, rate(aiMetrics.inputTokens, { by: byFeature })), 'feature', nobody) },
    { name: 'output', expression: named(times(60, rate(aiMetrics.outputTokens, { by: byFeature })), 'feature', nobody) },
  ],
});
