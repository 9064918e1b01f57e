import { setTimeout as delay } from 'node:timers/promises';
import { processMetrics as metrics } from '@tallyman/catalog';
import { createMetricProducer, type MetricProducer } from '@tallyman/core';
import { beforeAll, expect, test } from 'vitest';
import { startProcessMetrics } from './process-metrics.ts';

const readers = [createMetricProducer(undefined, '1'), createMetricProducer(undefined, '1', 'delta')];
beforeAll(startProcessMetrics);

function values(reader: MetricProducer, { name }: { readonly name: string }): number[] {
  const all = reader.produce().scopeMetrics.flatMap((scope) => scope.metrics);
  return (all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []).map(({ value }) => value as number);
}

function block(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
}

test('each reader learns of the longest delay of the event loop since it last asked', async () => {
  const longest = async () => {
    const seen: number[] = [];
    for (const reader of readers) {
      // The monitor's timer must have fired between two looks, or they tell it nothing.
      await delay(100);
      seen.push(values(reader, metrics.eventLoopDelayMax)[0] ?? 0);
    }
    return seen;
  };
  await longest();
  await delay(100);
  block(1500);
  for (const value of await longest()) expect(value).toBeGreaterThan(1);
});

test('each reader learns how busy the event loop was since it last asked', async () => {
  const utilizations = () => readers.map((reader) => values(reader, metrics.eventLoopUtilization)[0] ?? Number.NaN);
  utilizations();
  block(300);
  await delay(1);
  for (const value of utilizations()) expect(value).toBeGreaterThan(0.8);
});

test('memory and CPU time are those of the process', () => {
  const [reader] = readers as [MetricProducer];
  expect(values(reader, metrics.memoryUsage)).toEqual([expect.any(Number)]);
  expect(values(reader, metrics.memoryUsage)[0]).toBeGreaterThan(1e7);
  const { user, system } = process.cpuUsage();
  const cpu = values(reader, metrics.cpuTime);
  expect(cpu[0]).toBeGreaterThanOrEqual(user / 1e6);
  expect(cpu[1]).toBeGreaterThanOrEqual(system / 1e6);
});
