import { expect, test } from 'vitest';
import { LatestSeries, parseMetrics } from './otlp.ts';

const CUMULATIVE = 2;
const DELTA = 1;

interface Sent {
  readonly instance?: string;
  readonly at?: number;
  readonly value: number | string;
  readonly feature?: string;
  readonly temporality?: number;
}

function request({ instance = 'one', at = 1, value, feature = 'cv_parse', temporality = CUMULATIVE }: Sent): object {
  const point = { attributes: [{ key: 'feature', value: { stringValue: feature } }], timeUnixNano: `${at}000000000`, asDouble: value };
  const metric = { name: 'ai.calls', sum: { dataPoints: [point], aggregationTemporality: temporality, isMonotonic: true } };
  const resource = { attributes: [{ key: 'service.instance.id', value: { stringValue: instance } }] };
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: '@tallyman/ai' }, metrics: [metric] }] }] };
}

function received(...requests: object[]) {
  const latest = new LatestSeries();
  for (const one of requests) latest.add(parseMetrics(one));
  return latest.series().map(({ metric, attributes, value }) => ({ metric, attributes, value }));
}

const calls = (value: number, feature = 'cv_parse') => ({ metric: 'ai.calls', attributes: { feature }, value });

test('a later cumulative value replaces the one before it', () => {
  expect(received(request({ at: 1, value: 3 }), request({ at: 2, value: 5 }))).toEqual([calls(5)]);
});

test('an export that arrives late does not take a value back', () => {
  expect(received(request({ at: 2, value: 5 }), request({ at: 1, value: 3 }))).toEqual([calls(5)]);
});

test('every process keeps its own value', () => {
  expect(received(request({ instance: 'one', value: 3 }), request({ instance: 'two', value: 4 }))).toEqual([calls(3), calls(4)]);
});

test('deltas are added up', () => {
  expect(received(request({ value: 3, temporality: DELTA }), request({ value: 4, temporality: DELTA }))).toEqual([calls(7)]);
});

test('integers come as text, histograms count their measurements, and values of attributes become text', () => {
  const points = (point: object) => ({ dataPoints: [{ attributes: [{ key: 'http.response.status_code', value: { intValue: '201' } }], ...point }] });
  const metrics = [
    { name: 'sum', sum: points({ asInt: '12' }) },
    { name: 'gauge', gauge: points({ asDouble: 0.5 }) },
    { name: 'histogram', histogram: points({ count: '7', sum: 1.5, bucketCounts: ['7'], explicitBounds: [] }) },
  ];
  const attributes = { 'http.response.status_code': '201' };
  expect(received({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })).toEqual([
    { metric: 'sum', attributes, value: 12 },
    { metric: 'gauge', attributes, value: 0.5 },
    { metric: 'histogram', attributes, value: 7 },
  ]);
});

test('a point without a value leaves the series as it was', () => {
  const ended = { name: 'ai.calls', sum: { dataPoints: [{ flags: 1, asDouble: 0 }] } };
  const strange = { name: 'ai.calls', sum: { dataPoints: [{ asDouble: 'NaN' }, {}] } };
  expect(received({ resourceMetrics: [{ scopeMetrics: [{ metrics: [ended, strange] }] }] })).toEqual([]);
});

test.each([null, 'text', { resourceMetrics: 7 }, { resourceMetrics: [{ scopeMetrics: [{ metrics: [null] }] }] }])('%j is no metrics request', (body) => {
  expect(() => parseMetrics(body)).toThrow(TypeError);
});

test.each([{}, { resourceMetrics: [] }, { resourceMetrics: [{}] }])('%j is an empty one', (body) => {
  expect(parseMetrics(body)).toEqual([]);
});
