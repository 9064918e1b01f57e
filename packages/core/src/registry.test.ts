import { aiMetrics, aliases, featureMetrics, httpMetrics, OTHER, queueMetrics, selfMetrics, webhookMetrics } from '@tallyman/catalog';
import { expect, test } from 'vitest';
import { bindMetrics } from './bind-metrics.ts';
import { bucketOf } from './instrument.ts';
import { MAX_SERIES } from './limits.ts';
import { type Point, readMetrics } from './read.ts';
import { Registry } from './registry.ts';
import './safely.ts';

const ai = bindMetrics(aiMetrics);
const features = bindMetrics(featureMetrics);
const queues = bindMetrics(queueMetrics);
const webhooks = bindMetrics(webhookMetrics);
const http = bindMetrics(httpMetrics);

function points(metric: { readonly name: string }): readonly Point[] {
  return readMetrics().find((reading) => reading.metric.name === metric.name)?.points ?? [];
}

function seriesValue(metric: { readonly name: string }, attributes: Record<string, string | number>): number | undefined {
  return points(metric).find((point) => Object.entries(attributes).every(([key, value]) => point.attributes[key] === value))?.value;
}

test('aliases are computed from their sources: filtered, relabelled, summed', () => {
  const duration = (feature: string, outcome: 'ok' | 'error', seconds: number) => features.duration(seconds, { feature, outcome });
  duration('cv_parse', 'ok', 1);
  duration('cv_parse', 'error', 2);
  duration('feature 0', 'ok', 4);
  expect(points(aliases.cvParseDuration)).toMatchObject([{ attributes: {}, value: 3, count: 2 }]);

  const call = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'p', 'gen_ai.token.modality': 'unknown', feature: 'job_match' } as const;
  ai.inputTokens(10, { ...call, 'gen_ai.request.model': 'a' });
  ai.outputTokens(5, { ...call, 'gen_ai.request.model': 'a' });
  ai.inputTokens(7, { ...call, 'gen_ai.request.model': 'a', feature: 'elsewhere' });
  expect(seriesValue(aliases.aiMatchTokens, { model: 'a' })).toBe(15);

  http.requestDuration(0.2, { 'http.request.method': 'GET', 'url.scheme': 'http', 'http.route': '/x', 'http.response.status_code': 200 });
  expect(seriesValue(aliases.httpRequests, { method: 'GET', route: '/x', status_code: 200, status: 200 })).toBe(1);
});

test('a success makes its failure sibling appear at 0, with the attributes that both have', () => {
  webhooks.conversions(1, { 'payment.provider': 'stripe', 'payment.method': 'card', plan: 'premium' });
  expect(seriesValue(webhookMetrics.failures, { 'payment.provider': 'stripe', 'payment.method': 'card', 'error.type': OTHER })).toBe(0);
  features.generationSuccess(1, { type: 'text' });
  expect(seriesValue(featureMetrics.generationFailure, { type: 'text', 'error.type': OTHER })).toBe(0);
});

test('an outcome makes the other outcomes appear at 0', () => {
  const call = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'p', 'gen_ai.request.model': 'm' } as const;
  ai.calls(1, { ...call, outcome: 'error' });
  expect(seriesValue(aiMetrics.calls, { ...call, outcome: 'ok' })).toBe(0);
  expect(seriesValue(aiMetrics.calls, { ...call, outcome: 'error' })).toBe(1);
  expect(seriesValue(aiMetrics.calls, { ...call, outcome: 'aborted' })).toBe(0);
});

test('recording 0 makes a series exist', () => {
  queues.retries(0, { 'queue.name': 'quiet' });
  expect(seriesValue(queueMetrics.retries, { 'queue.name': 'quiet' })).toBe(0);
});

test('a histogram counts into the bucket whose upper bound includes the value', () => {
  expect([0, 0.5, 1, 1.5, 10].map((value) => bucketOf([0.5, 1, 5], value))).toEqual([0, 0, 1, 2, 3]);
  queues.jobWait(0.05, { 'queue.name': 'h', 'queue.system': 's' });
  queues.jobWait(4000, { 'queue.name': 'h', 'queue.system': 's' });
  const [point] = points(queueMetrics.jobWait);
  expect(point).toMatchObject({ value: 4000.05, count: 2 });
  expect([point?.counts[0], point?.counts.at(-1)]).toEqual([1, 1]);
});

test('values that are no finite number are left out, a negative duration counts as 0, a counter never falls', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1]) queues.failures(value, { 'queue.name': 'odd', 'error.type': 'E' });
  expect(seriesValue(queueMetrics.failures, { 'queue.name': 'odd', 'error.type': 'E' })).toBe(0);
  queues.jobWait(-3, { 'queue.name': 'clock', 'queue.system': 's' });
  expect(points(queueMetrics.jobWait).find((point) => point.attributes['queue.name'] === 'clock')).toMatchObject({ value: 0, count: 1 });
});

test('a cleared gauge is missing from the readings until it is set again', () => {
  const attributes = { 'queue.name': 'g', state: 'waiting' } as const;
  queues.depth(3, attributes);
  expect(seriesValue(queueMetrics.depth, attributes)).toBe(3);
  queues.depth.clear(attributes);
  expect(seriesValue(queueMetrics.depth, attributes)).toBeUndefined();
  queues.depth(0, attributes);
  expect(seriesValue(queueMetrics.depth, attributes)).toBe(0);
});

test('an open attribute keeps as many values as its cap for the lifetime, the rest is _OTHER and counted', () => {
  const cap = featureMetrics.usage.attributes.feature.cap;
  const before = Number(new Set(points(featureMetrics.duration).map((point) => point.attributes.feature)).size);
  expect(before).toBe(2);
  for (let index = 0; index < cap + 49; index++) features.usage(1, { feature: `feature ${index}`, outcome: 'ok' });
  const names = new Set(points(featureMetrics.usage).map((point) => point.attributes.feature));
  // cv_parse was admitted before: the cap counts the scope's features, whatever metric they came with.
  expect(names.size).toBe(cap);
  expect(seriesValue(featureMetrics.usage, { feature: OTHER, outcome: 'ok' })).toBe(50);
  features.usage(1, { feature: 'feature 0', outcome: 'ok' });
  expect(seriesValue(featureMetrics.usage, { feature: 'feature 0', outcome: 'ok' })).toBe(2);
  expect(seriesValue(selfMetrics.capped, { metric: featureMetrics.usage.name, attribute: 'feature' })).toBe(50);
});

test('a bound recorder counts what it records beyond a cap each time, as an unbound one does', () => {
  const [attribute, closed] = ['job.type', { 'queue.name': 'bound', 'queue.system': 's', outcome: 'ok' }] as const;
  const cap = queueMetrics.jobDuration.attributes[attribute].cap;
  const capped = () => seriesValue(selfMetrics.capped, { metric: queueMetrics.jobDuration.name, attribute }) ?? 0;
  const before = capped();
  for (let index = 0; index < cap + 2; index++) {
    const bound = queues.jobDuration.bind({ ...closed, [attribute]: `type ${index}` });
    bound(1);
    bound(Number.NaN);
    bound(2);
  }
  const counts = points(queueMetrics.jobDuration).filter((point) => point.attributes['queue.name'] === 'bound');
  expect(counts.length).toBe(cap + 1);
  expect(counts.find((point) => point.attributes[attribute] === OTHER)).toMatchObject({ count: 4, value: 6 });
  expect(counts.find((point) => point.attributes[attribute] === 'type 0')).toMatchObject({ count: 2, value: 3 });
  expect(capped() - before).toBe(4);
});

test('job types are capped for each queue', () => {
  const cap = queueMetrics.jobDuration.attributes['job.type'].cap;
  const record = (queue: string, index: number) =>
    queues.jobDuration(1, { 'queue.name': queue, 'job.type': `type ${index}`, 'queue.system': 's', outcome: 'ok' });
  for (const queue of ['one', 'two']) for (let index = 0; index < cap + 1; index++) record(queue, index);
  for (const queue of ['one', 'two']) {
    const types = new Set(
      points(queueMetrics.jobDuration)
        .filter((point) => point.attributes['queue.name'] === queue)
        .map((point) => point.attributes['job.type']),
    );
    expect(types.size).toBe(cap + 1);
    expect(types).toContain(OTHER);
  }
});

test('the number of series of a metric never grows beyond its bound', () => {
  const registry = new Registry();
  const instrument = registry.instrument({
    ...httpMetrics.requestDuration,
    name: 'flood',
    attributes: { a: { description: '', cap: 1e6 }, b: { description: '', values: ['x', 'y'] } },
  });
  for (let index = 0; index < 3 * MAX_SERIES; index++) instrument.record(1, { a: `value ${index}`, b: index % 2 ? 'x' : 'y' });
  expect(instrument.series.length).toBeLessThanOrEqual(MAX_SERIES + 2);
  expect(instrument.series.reduce((sum, { count }) => sum + count, 0)).toBe(3 * MAX_SERIES);
});

test('values are cleaned: length, control characters, lone surrogates, values outside a closed set, wrong types', () => {
  const untyped = http.requestDuration as unknown as (value: number, attributes: Record<string, unknown>) => void;
  untyped(1, { 'http.request.method': 'BREW', 'url.scheme': 'http', 'http.route': `/a\u0000b\ud800${'x'.repeat(200)}`, 'http.response.status_code': '200' });
  const point = points(httpMetrics.requestDuration).find(({ attributes }) => String(attributes['http.route']).startsWith('/a'));
  expect(point?.attributes['http.request.method']).toBe(OTHER);
  expect(point?.attributes['http.route']).toMatch(/^\/a b\ufffdx+$/);
  expect(String(point?.attributes['http.route']).length).toBeLessThanOrEqual(100);
  expect(point?.attributes).not.toHaveProperty(['http.response.status_code']);
});
