import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { captureOtlp, type OtlpCapture } from './capture.ts';

let capture: OtlpCapture;
beforeEach(async () => {
  capture = await captureOtlp();
});
afterEach(() => capture.close());

/** A real SDK that exports when it is told to. */
function meterProvider(Exporter: typeof JsonExporter | typeof ProtobufExporter, temporalityPreference = AggregationTemporality.CUMULATIVE): MeterProvider {
  const exporter = new Exporter({ url: `${capture.url}/v1/metrics`, temporalityPreference, timeoutMillis: 2000 });
  return new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': 'tailorjob', 'service.instance.id': 'one', 'process.command_args': ['node', 'app.js'] }),
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
  });
}

describe.each([
  ['JSON', JsonExporter, 'application/json'],
  ['protobuf', ProtobufExporter, 'application/x-protobuf'],
])('a capture of OTLP as %s', (_form, Exporter, contentType) => {
  it('knows every series as the SDK sent it, the last value of each', async () => {
    const provider = meterProvider(Exporter);
    const meter = provider.getMeter('@tallyman/ai', '1.2.3');
    const calls = meter.createCounter('ai.calls', { unit: '{call}', description: 'Calls of models.' });
    const duration = meter.createHistogram('ai.duration', { unit: 's', advice: { explicitBucketBoundaries: [0.5, 1] } });
    const active = meter.createUpDownCounter('queue.job.active');
    calls.add(2, { model: 'small', cached: true });
    calls.add(1, { model: 'große' });
    active.add(-3);
    await provider.forceFlush();
    calls.add(5, { model: 'small', cached: true });
    duration.record(0.25);
    duration.record(7);
    await provider.forceFlush();

    expect(capture.requests.map((request) => request.contentType)).toEqual([contentType, contentType]);
    expect(capture.value('ai.calls')).toBe(8);
    expect(capture.value('ai.calls', { model: 'small' })).toBe(7);
    expect(capture.value('ai.calls', { model: 'unknown' })).toBeUndefined();
    expect(capture.value('queue.job.active')).toBe(-3);
    expect(capture.series('ai.calls', { model: 'große' })).toMatchObject([
      { type: 'sum', unit: '{call}', description: 'Calls of models.', scope: '@tallyman/ai', monotonic: true, temporality: 'cumulative', value: 1 },
    ]);
    expect(capture.series('ai.duration')[0]?.histogram).toEqual({ count: 2, sum: 7.25, min: 0.25, max: 7, bounds: [0.5, 1], buckets: [1, 0, 1] });
    expect(capture.resources()).toMatchObject([{ 'service.name': 'tailorjob', 'process.command_args': ['node', 'app.js'] }]);
    await provider.shutdown();
  });

  it('adds delta points up', async () => {
    const provider = meterProvider(Exporter, AggregationTemporality.DELTA);
    const calls = provider.getMeter('test').createCounter('ai.calls');
    calls.add(2);
    await provider.forceFlush();
    calls.add(3);
    await provider.forceFlush();
    expect(capture.value('ai.calls')).toBe(5);
    await provider.shutdown();
  });
});

describe('a capture that is told to fail', () => {
  const body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', gauge: { dataPoints: [{ asInt: '4' }] } }] }] }] });
  const post = (signal?: AbortSignal) =>
    fetch(`${capture.url}/v1/metrics`, { method: 'POST', body, headers: { 'content-type': 'application/json' }, ...(signal ? { signal } : {}) });

  it('refuses with the status and the headers that it was given, and counts nothing', async () => {
    capture.answer({ status: 503, headers: { 'retry-after': '7' } });
    const response = await post();
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '7']);
    expect(capture.requests).toHaveLength(1);
    expect(capture.value('m')).toBeUndefined();
    capture.answer({});
    expect((await post()).status).toBe(200);
    expect(capture.value('m')).toBe(4);
  });

  it('accepts and never answers as a black hole, and still closes', async () => {
    capture.answer({ blackHole: true });
    const controller = new AbortController();
    const pending = post(controller.signal).catch((error: Error) => error.name);
    await capture.until(({ requests }) => requests.length === 1);
    controller.abort();
    expect(await pending).toBe('AbortError');
  });

  it('says what it has received when the wait is in vain', async () => {
    await post();
    await expect(capture.until(({ value }) => value.length === 9, { timeout: 1 })).rejects.toThrow('1 requests, series of m');
  });
});
