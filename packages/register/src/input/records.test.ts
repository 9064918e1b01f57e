import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, type MetricProducer, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { allMetrics, type Metric, OTHER } from '@tallyman/catalog';
import { bindMetrics, createMetricProducer, type Reading, readMetrics } from '@tallyman/core';
import { captureOtlp, startCollector, startPrometheus } from '@tallyman/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostileNumber, hostileOrHugeText, hostileValue, made, parameters } from './hostile.test.data.ts';
import { expectStored, findings, judges, samplesOf, servePage } from './judges.test.kit.ts';

type Recorder = ((value: unknown, attributes: unknown) => void) & Record<'set' | 'clear', (...args: unknown[]) => void>;
const recorders = new Map(
  allMetrics.map((metric) => [metric.name, (bindMetrics({ only: { ...metric, siblings: [] } }) as unknown as { only: Recorder }).only]),
);

/** One call of a recorder by a caller that the compiler did not see. */
interface Call {
  readonly metric: Metric;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const call: fc.Arbitrary<Call> = fc.constantFrom(...allMetrics).chain((metric) => {
  const value = fc.oneof({ weight: 3, arbitrary: hostileValue }, { weight: 1, arbitrary: hostileOrHugeText });
  const known = Object.entries(metric.attributes).map(([key, { values, type }]) => [
    key,
    fc.oneof(value, values === undefined ? (type === 'int' ? fc.integer({ min: 100, max: 599 }) : fc.constant('honest')) : fc.constantFrom(...values)),
  ]);
  const strangers = fc.dictionary(fc.oneof(hostileOrHugeText, fc.constant('__proto__')), value, { maxKeys: 2, noNullPrototype: true });
  return fc
    .tuple(fc.record(Object.fromEntries(known), { requiredKeys: [] }), strangers)
    .map(([attributes, others]) => ({ metric, attributes: { ...others, ...attributes } }));
});

const readingOf = ({ name }: Metric): Reading | undefined => readMetrics().find(({ metric }) => metric.name === name);
const attributesOf = ({ attributes }: Call): Record<string, unknown> =>
  Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, made(value)]));
/** Events of a metric: what a counter has counted, how often a histogram has measured. */
const eventsOf = (metric: Metric): number =>
  (readingOf(metric)?.points ?? []).reduce((sum, { value, count }) => sum + (metric.instrument === 'histogram' ? count : value), 0);

test('every record is counted exactly once, whatever its attributes', () => {
  const expected = new Map(allMetrics.map((metric) => [metric, eventsOf(metric)]));
  fc.assert(
    fc.property(fc.array(call, { maxLength: 30 }), fc.integer({ min: 0, max: 1000 }), (calls, amount) => {
      for (const one of calls) {
        const value = one.metric.instrument === 'histogram' ? 1 : amount;
        recorders.get(one.metric.name)?.(value, attributesOf(one));
        expected.set(one.metric, (expected.get(one.metric) ?? 0) + value);
      }
    }),
    { ...parameters, endOnFailure: true },
  );
  for (const [metric, events] of expected)
    if (metric.instrument !== 'gauge' && !metric.name.startsWith('tallyman.')) expect(eventsOf(metric), metric.name).toBe(events);
});

test.each([Number.MAX_VALUE, -Number.MAX_VALUE, 1e300, Number.POSITIVE_INFINITY, Number.NaN])('two records of %d leave a finite sum', (value) => {
  for (const metric of allMetrics) for (let count = 0; count < 2; count += 1) recorders.get(metric.name)?.(value, {});
  for (const { metric, points } of readMetrics()) for (const point of points) expect(point.value, metric.name).toSatisfy(Number.isFinite);
});

test('values of any kind never throw, and leave finite sums, whole buckets, counters that never fall', () => {
  fc.assert(
    fc.property(call, fc.oneof(hostileNumber, hostileValue), fc.constantFrom('record', 'set', 'clear'), (one, value, how) => {
      const before = eventsOf(one.metric);
      const recorder = recorders.get(one.metric.name);
      const isGauge = one.metric.instrument === 'gauge';
      if (how === 'clear' && isGauge) recorder?.clear(attributesOf(one));
      else if (how === 'set' && isGauge) recorder?.set(made(value), attributesOf(one));
      else recorder?.(made(value), attributesOf(one));
      if (one.metric.instrument === 'counter' || one.metric.instrument === 'histogram') expect(eventsOf(one.metric)).toBeGreaterThanOrEqual(before);
      for (const point of readingOf(one.metric)?.points ?? []) {
        expect(point.value).toSatisfy(Number.isFinite);
        expect(point.counts.reduce((sum, count) => sum + count, 0)).toBe(point.count);
      }
    }),
    parameters,
  );
});

test('what is recorded has bounded values, and no more of them than its cap', () => {
  for (const { metric, points } of readMetrics()) {
    for (const [key, { values, cap, type, optional, per }] of Object.entries(metric.attributes)) {
      const seen = new Set(points.map(({ attributes }) => attributes[key]));
      for (const value of seen) {
        if (value === undefined) expect(optional, `${metric.name} ${key}`).toBe(true);
        else if (type === 'int') expect(value).toSatisfy(Number.isSafeInteger);
        else if (values !== undefined) expect([...values, OTHER]).toContain(value);
        else expect(value).toSatisfy((text: string) => text.length > 0 && text.length <= 100 && text.isWellFormed() && !/\p{Cc}/u.test(text));
      }
      if (cap !== undefined && per === undefined) expect(seen.size).toBeLessThanOrEqual(cap + 2);
    }
    expect(new Set(points.map(({ attributes }) => JSON.stringify(attributes))).size).toBe(points.length);
  }
});

describe.skipIf(judges.missing)('the judges', () => {
  test('promtool and Prometheus take every sample of /metrics', async () => {
    const page = await servePage({ 'service.name': 'input' });
    const prometheus = await startPrometheus({ targets: [page.address] });
    try {
      const text = await page.text();
      expect(await findings(text)).toEqual([]);
      await expectStored(prometheus, { [page.address]: samplesOf(text).length });
    } finally {
      await prometheus.stop();
      await page.close();
    }
  });

  test.each([
    { form: 'protobuf', Exporter: ProtobufExporter },
    { form: 'JSON', Exporter: JsonExporter },
  ])('OTLP in $form is strict UTF-8, and the collector takes all of it', async ({ form, Exporter }) => {
    const capture = await captureOtlp();
    const collector = await startCollector();
    try {
      for (const url of [capture.url, collector.otlpUrl]) {
        const metricProducers = [createMetricProducer({ attributes: {} }, '0') as unknown as MetricProducer];
        let failure: unknown;
        const exporter = new Exporter({ url: `${url}/v1/metrics` });
        const send = exporter.export.bind(exporter);
        exporter.export = (metrics, done) =>
          send(metrics, (result) => {
            failure = result.error;
            done(result);
          });
        const resource = resourceFromAttributes({ 'service.name': `input ${form}` });
        const provider = new MeterProvider({
          resource,
          readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000, metricProducers })],
        });
        await provider.forceFlush();
        expect(failure).toBeUndefined();
        await provider.shutdown();
      }
      const [request] = capture.requests;
      if (form === 'JSON') new TextDecoder('utf-8', { fatal: true }).decode(request?.body);
      expect(request?.metrics).toBeDefined();
      const keyOf = (name: string, attributes: object) => JSON.stringify([name, attributes]);
      const recorded = readMetrics().flatMap(({ metric, points }) => points.map(({ attributes }) => keyOf(metric.name, attributes)));
      expect(new Set(capture.series().map(({ name, attributes }) => keyOf(name, attributes)))).toEqual(new Set(recorded));
      const page = await collector.metrics();
      expect((await findings(page)).filter((line) => !/^target_info /.test(line))).toEqual([]);
      expect(collector.logs).not.toMatch(/error/i);
      const expectedLines = readMetrics().reduce(
        (sum, { points }) => sum + points.reduce((lines, { counts }) => lines + (counts.length === 0 ? 1 : counts.length + 2), 0),
        0,
      );
      expect(samplesOf(page).filter((line) => !line.startsWith('target_info'))).toHaveLength(expectedLines);
    } finally {
      await collector.stop();
      await capture.close();
    }
  });
});
