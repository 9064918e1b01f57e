import { type MeterProvider, metrics } from '@opentelemetry/api';
import { MetricReader, MeterProvider as SdkProvider } from '@opentelemetry/sdk-metrics';
import { featureMetrics, queueMetrics } from '@tallyman/catalog';
import { afterEach, expect, test, vi } from 'vitest';
import { bindMetrics } from './bind-metrics.ts';
import { globalMeterProvider, handOver } from './hand-over.ts';
import { readMetrics } from './read.ts';
import { runtime } from './runtime.ts';
import { selfRecorders } from './safely.ts';

const queues = bindMetrics(queueMetrics);
const queue = { 'queue.name': 'q' };
const wait = { ...queue, 'queue.system': 's' };

class Reader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

function sdk(): { provider: SdkProvider; values: (metric: { readonly name: string }) => Promise<unknown[]> } {
  const reader = new Reader();
  const values = async ({ name }: { readonly name: string }) => {
    const { resourceMetrics } = await reader.collect();
    const found = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics).find(({ descriptor }) => descriptor.name === name);
    return (found?.dataPoints ?? []).map(({ value }) => value);
  };
  return { provider: new SdkProvider({ readers: [reader] }), values };
}

afterEach(() => {
  metrics.disable();
  runtime.registry.destination = undefined;
});

test('only a MeterProvider that does something, and is not ours, is taken', async () => {
  expect(globalMeterProvider()).toBeUndefined();
  expect(handOver(metrics.getMeterProvider())).toBe(false);
  const { provider } = sdk();
  metrics.setGlobalMeterProvider(provider);
  expect(globalMeterProvider()).toBe(provider);
  runtime.registry.exporting = { provider, finish: () => undefined };
  expect(globalMeterProvider()).toBeUndefined();
  expect(handOver(provider)).toBe(false);
  runtime.registry.exporting = undefined;
  await provider.shutdown();
  expect(globalMeterProvider()).toBeUndefined();
  expect(handOver(undefined as unknown as MeterProvider)).toBe(false);
  expect(handOver(new SdkProvider())).toBe(false);
});

test('a provider that takes over from another reports what comes then, and the first keeps what it had', async () => {
  const first = sdk();
  const second = sdk();
  expect(handOver(first.provider)).toBe(true);
  expect(handOver(first.provider)).toBe(false);
  queues.retries(3, queue);
  queues.jobWait(1, wait);
  queues.jobsActive(2, queue);
  expect(handOver(second.provider)).toBe(true);
  queues.retries(4, queue);
  queues.jobWait(2, wait);
  expect(await first.values(queueMetrics.retries)).toEqual([3]);
  expect(await second.values(queueMetrics.retries)).toEqual([4]);
  expect(await first.values(queueMetrics.jobWait)).toMatchObject([{ count: 1, sum: 1 }]);
  expect(await second.values(queueMetrics.jobWait)).toMatchObject([{ count: 1, sum: 2 }]);
  expect([await first.values(queueMetrics.jobsActive), await second.values(queueMetrics.jobsActive)]).toEqual([[0], [2]]);
});

test('a provider that throws wherever it can changes nothing for the application, nor for what is recorded', () => {
  const fails = () => {
    throw new Error('the provider');
  };
  const instrument = { record: fails, addCallback: fails };
  const creates = [() => instrument, fails];
  for (const create of creates) {
    const meter = () => ({ createHistogram: create, createObservableCounter: create, createObservableUpDownCounter: create, createObservableGauge: create });
    expect(handOver({ getMeter: meter } as unknown as MeterProvider)).toBe(true);
    const before = readMetrics().find(({ metric }) => metric.name === queueMetrics.jobWait.name)?.points[0]?.count ?? 0;
    queues.jobWait(1, wait);
    expect(() => bindMetrics(featureMetrics).userLogins(1, { method: 'password' })).not.toThrow();
    expect(readMetrics().find(({ metric }) => metric.name === queueMetrics.jobWait.name)?.points[0]?.count).toBe(before + 1);
  }
  expect(handOver({ getMeter: fails } as unknown as MeterProvider)).toBe(false);
});

test('what is looked at is brought up to date once for a collection', async () => {
  const sampled = vi.fn();
  runtime.beforeRead.add(sampled);
  selfRecorders.errors(0, { where: 'nowhere' });
  const { provider, values } = sdk();
  handOver(provider);
  sampled.mockClear();
  await values(queueMetrics.retries);
  expect(sampled).toHaveBeenCalledTimes(1);
  runtime.beforeRead.delete(sampled);
});
