import { aiMetrics, aliases, featureMetrics, httpMetrics, queueMetrics, webhookMetrics } from '@tallyman/catalog';
import { describe, expect, it } from 'vitest';
import {
  type AnyExpression,
  above,
  and,
  dashboardScope,
  increase,
  known,
  legendOf,
  matching,
  max,
  not,
  oneOf,
  quantile,
  rate,
  ratio,
  ruleScope,
  zeroWhile,
} from './index.ts';

function inRule(expression: AnyExpression): string {
  return expression.render(ruleScope);
}

describe('selectors', () => {
  it('translate names and attributes, and add the scope to what is asked for', () => {
    const calls = rate(aiMetrics.calls, { by: ['gen_ai.request.model', 'feature'], where: { outcome: 'error' } });
    expect(calls.render(dashboardScope)).toBe(
      'sum by (gen_ai_request_model, feature) (rate(ai_calls_total{outcome="error", service=~"$service"}[$__rate_interval]))',
    );
    expect(inRule(rate(aiMetrics.calls, { over: '5m' }))).toBe('sum (rate(ai_calls_total[5m]))');
  });

  it('take other conditions than equality', () => {
    expect(inRule(rate(aiMetrics.calls, { where: { outcome: not('ok') }, over: '1m' }))).toContain('{outcome!="ok"}');
    expect(inRule(rate(aiMetrics.calls, { where: { outcome: oneOf('error', 'aborted') }, over: '1m' }))).toContain('{outcome=~"error|aborted"}');
    expect(inRule(rate(aiMetrics.inferenceDuration, { where: { 'error.type': known }, over: '1m' }))).toContain('_count{error_type!=""}');
    expect(inRule(rate(httpMetrics.requestDuration, { where: { 'http.response.status_code': matching('5..') }, over: '1m' }))).toContain(
      'http_server_request_duration_seconds_count{http_response_status_code=~"5.."}',
    );
  });

  it('read aliases as they read metrics', () => {
    expect(inRule(quantile(aliases.cvParseDuration, 0.95, { over: '5m' }))).toBe(
      'histogram_quantile(0.95, sum by (le) (rate(cv_parse_duration_seconds_bucket[5m])))',
    );
    expect(inRule(rate(aliases.aiMatchTokens, { by: ['model'], over: '5m' }))).toBe('sum by (model) (rate(ai_match_tokens_total[5m]))');
  });
});

describe('operators', () => {
  const failed = rate(aiMetrics.calls, { by: ['service'], where: { outcome: 'error' }, over: '5m' });
  const all = rate(aiMetrics.calls, { by: ['service'], over: '5m' });

  it('make a ratio that is 0 without failures and absent without events', () => {
    const [a, b] = [inRule(failed), inRule(all)];
    expect(inRule(ratio(failed, all))).toBe(`(${a} or 0 * ${b}) / (${b} > 0)`);
  });

  it('collect the metrics that an expression reads, once each, and the labels of its legend', () => {
    const perUse = ratio(increase(aiMetrics.cost, { by: ['feature'] }), increase(featureMetrics.usage, { by: ['feature'] }));
    expect(perUse.metrics).toEqual([aiMetrics.cost, featureMetrics.usage]);
    expect(legendOf(perUse)).toBe('{{feature}}');
  });
});

describe('the compiler', () => {
  it('refuses labels, values and combinations that the catalog does not declare', () => {
    // @ts-expect-error: a payment has no model
    rate(webhookMetrics.conversions, { by: ['gen_ai.request.model'] });
    // @ts-expect-error: a misspelt attribute
    increase(aiMetrics.cost, { by: ['featur'] });
    // @ts-expect-error: the alias has no label `feature`
    rate(aliases.aiMatchTokens, { by: ['feature'] });
    // @ts-expect-error: a condition on an attribute that the metric lacks
    rate(aiMetrics.calls, { where: { 'queue.name': 'parse' } });
    // @ts-expect-error: `failed` is no outcome of a call
    rate(aiMetrics.calls, { where: { outcome: 'failed' } });
    // @ts-expect-error: nor inside a matcher
    rate(aiMetrics.calls, { where: { outcome: oneOf('ok', 'failed') } });
    // @ts-expect-error: a counter has no quantiles
    quantile(aiMetrics.calls, 0.95);
    // @ts-expect-error: neither has a counter among the aliases
    quantile(aliases.httpRequests, 0.95);
    // @ts-expect-error: a gauge has no rate
    rate(queueMetrics.depth);
    // @ts-expect-error: the maximum of a counter says nothing
    max(aiMetrics.calls);
    // @ts-expect-error: series of different labels do not divide
    ratio(rate(aiMetrics.cost, { by: ['feature'] }), rate(aiMetrics.calls, { by: ['gen_ai.request.model'] }));
    // @ts-expect-error: nor when one side has fewer
    and(rate(aiMetrics.cost, { by: ['feature'] }), rate(aiMetrics.calls));
    // @ts-expect-error: a zero has no labels to carry
    zeroWhile(rate(aiMetrics.calls), above(rate(aiMetrics.cost, { by: ['feature'] }), 1));
  });
});
