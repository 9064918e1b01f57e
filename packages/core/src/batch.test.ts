import { MetricReader, MeterProvider as SdkProvider } from '@opentelemetry/sdk-metrics';
import { queueMetrics } from '@tallyman/catalog';
import { afterEach, expect, test, vi } from 'vitest';
import { inBatches } from './batch.ts';
import { bindMetrics } from './bind-metrics.ts';
import { channels, type JobEvent } from './channels.ts';
import { handOver } from './hand-over.ts';
import { createMetricProducer } from './producer.ts';
import { readMetrics } from './read.ts';
import { runtime } from './runtime.ts';
import type { Snapshot } from './snapshot.ts';

const queues = bindMetrics(queueMetrics);
const scope = queueMetrics.jobWait.scope;
const series = { 'queue.name': 'q', 'queue.system': 's' };
const { jobWait } = queueMetrics;

/** What was told of before, of whatever test. */
let told = 0;

function batches() {
  const recorded: number[] = [];
  const put = inBatches(channels.job, 'batch', (value: number) => {
    if (value < 0) throw new RangeError('negative');
    recorded.push(value);
    queues.jobWait(value, series);
  });
  return { put, recorded };
}

function waits(readings: readonly { readonly metric: { readonly name: string }; readonly points: readonly { readonly count: number }[] }[]): number {
  return readings.find(({ metric }) => metric.name === jobWait.name)?.points[0]?.count ?? 0;
}

afterEach(() => {
  runtime.registry.destination = undefined;
  runtime.registry.exporting = undefined;
  told = waits(readMetrics());
});

test('the first is recorded at once, others when 32 wait, and all before values are read', () => {
  const { put, recorded } = batches();
  put(1);
  expect(recorded).toEqual([1]);
  for (let value = 2; value <= 32; value++) put(value);
  expect(recorded).toEqual([1]);
  put(33);
  expect(recorded).toEqual(Array.from({ length: 33 }, (_, index) => index + 1));
  put(34);
  expect(waits(readMetrics()) - told).toBe(34);
});

test('one that fails is counted as a fault, and the others are recorded', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const { put, recorded } = batches();
  for (const value of [1, 2, -1, 3]) put(value);
  readMetrics();
  write.mockRestore();
  expect(recorded).toEqual([1, 2, 3]);
});

test('what waits is to be delivered', () => {
  const producer = createMetricProducer(undefined, '1.2.3');
  const { put } = batches();
  put(1);
  producer.produce();
  producer.send()(true);
  expect(producer.isDelivered).toBe(true);
  put(2);
  expect(producer.isDelivered).toBe(false);
  producer.produce();
  producer.send()(true);
  expect(producer.isDelivered).toBe(true);
});

test('what belongs to a scope that is paused is left out', () => {
  const { put, recorded } = batches();
  put(1);
  runtime.registry.pause(scope);
  for (let value = 2; value < 100; value++) put(value);
  runtime.registry.resume(scope);
  put(100);
  readMetrics();
  expect(recorded).toEqual([1, 100]);
});

test('nothing waits while somebody has subscribed, who is not told of what has waited before', () => {
  const heard: number[] = [];
  const followed: number[] = [];
  const event = (durationSeconds: number) => () => ({ durationSeconds }) as unknown as JobEvent;
  const put = inBatches(channels.job, 'batch', (value: number, hasWaited) => channels.job[hasWaited ? 'tell' : 'publish'](event(value)));
  channels.job.follow(({ durationSeconds }) => void followed.push(durationSeconds));
  put(1);
  put(2);
  expect(followed).toEqual([1]);
  const end = channels.job.subscribe(({ durationSeconds }) => void heard.push(durationSeconds));
  put(3);
  readMetrics();
  end();
  expect(heard).toEqual([3]);
  expect(followed).toEqual([1, 3, 2]);
});

test('a series begins before what it counts has waited', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1000 });
  const put = inBatches(channels.job, 'batch', (name: string) => queues.retries(1, { 'queue.name': name }));
  put('first');
  vi.setSystemTime(2000);
  put('second');
  vi.setSystemTime(3000);
  put('third');
  vi.setSystemTime(4000);
  const startTimes = readMetrics()
    .filter(({ metric }) => metric.name === queueMetrics.retries.name)
    .flatMap(({ points }) => points.map(({ attributes, startTime }) => [attributes['queue.name'], startTime]));
  vi.useRealTimers();
  expect(startTimes).toEqual([
    ['first', 1000],
    ['second', 2000],
    ['third', 2000],
  ]);
});

class Reader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

test("what waits goes to our own exporters when somebody else's MeterProvider takes over, for which nothing waits", async () => {
  const { put, recorded } = batches();
  let last: Snapshot | undefined;
  runtime.registry.exporting = {
    provider: undefined,
    finish: (snapshot) => {
      last = snapshot;
    },
  };
  put(1);
  put(2);
  const reader = new Reader();
  handOver(new SdkProvider({ readers: [reader] }));
  expect(waits((last as unknown as Snapshot).readings) - told).toBe(2);
  put(3);
  expect(recorded).toEqual([1, 2, 3]);
  const { resourceMetrics } = await reader.collect();
  const found = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics).find(({ descriptor }) => descriptor.name === jobWait.name);
  expect(found?.dataPoints.map(({ value }) => value)).toMatchObject([{ count: 1, sum: 3 }]);
});

test("what waits when somebody else's MeterProvider is found first is its own", async () => {
  const { put } = batches();
  put(1);
  put(2);
  runtime.registry.early = [];
  const reader = new Reader();
  handOver(new SdkProvider({ readers: [reader] }));
  const { resourceMetrics } = await reader.collect();
  const found = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics).find(({ descriptor }) => descriptor.name === jobWait.name);
  expect(found?.dataPoints.map(({ value }) => value)).toMatchObject([{ count: 1, sum: 2 }]);
});
