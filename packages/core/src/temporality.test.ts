import { processMetrics, queueMetrics } from '@tallyman/catalog';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { bindMetrics } from './bind-metrics.ts';
import { createMetricProducer, type MetricProducer, type ProducedMetrics } from './producer.ts';
import { readMetrics } from './read.ts';
import { Snapshot } from './snapshot.ts';

const queues = bindMetrics(queueMetrics);
const { cpuTime } = bindMetrics({ cpuTime: processMetrics.cpuTime });
const queue = { 'queue.name': 'q' };
const wait = { ...queue, 'queue.system': 's' };

let producer: MetricProducer;
beforeAll(() => {
  queues.retries(5, queue);
  queues.jobWait(0.3, wait);
  queues.jobsActive(2, queue);
  queues.depth(7, { ...queue, state: 'waiting' });
  cpuTime.set(3, { 'cpu.mode': 'user' });
});
beforeEach(() => {
  producer = createMetricProducer(undefined, '1', 'delta');
});

/** Lets the clock of series and intervals move on. */
async function later(): Promise<void> {
  const now = Date.now();
  while (Date.now() === now) await new Promise((resolve) => setImmediate(resolve));
}

function pointsOf(metrics: ProducedMetrics, { name }: { readonly name: string }) {
  const all = metrics.scopeMetrics.flatMap((scope) => scope.metrics).find(({ descriptor }) => descriptor.name === name);
  return all?.dataPoints.map(({ value, startTime, endTime }) => ({ value, start: milliseconds(startTime), end: milliseconds(endTime) }));
}

function milliseconds([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1000 + nanoseconds / 1e6;
}

test('delta values are what came since the last delivery that succeeded, in intervals without gaps', async () => {
  const [first] = pointsOf(producer.produce(), queueMetrics.retries) ?? [];
  producer.send()(true);
  await later();
  queues.retries(2, queue);
  queues.retries(1, { 'queue.name': 'born later' });
  const [second, born] = pointsOf(producer.produce(), queueMetrics.retries) ?? [];
  expect(second).toMatchObject({ value: 2, start: first?.end });
  expect(born?.value).toBe(1);
  expect(born?.start).toBeGreaterThan(first?.end ?? Number.NaN);
});

test('what a failed export held comes again with the next, in one interval', async () => {
  const [first] = pointsOf(producer.produce(), queueMetrics.retries) ?? [];
  producer.send()(true);
  await later();
  queues.retries(2, queue);
  expect(pointsOf(producer.produce(), queueMetrics.retries)).toMatchObject([{ value: 2 }]);
  producer.send()(false);
  await later();
  queues.retries(3, queue);
  expect(pointsOf(producer.produce(), queueMetrics.retries)).toMatchObject([{ value: 5, start: first?.end }]);
});

test('what is recorded while an export is on its way belongs to the next', () => {
  producer.produce();
  const settle = producer.send();
  queues.retries(4, queue);
  queues.jobWait(0.3, wait);
  expect(producer.isDelivered).toBe(false);
  settle(true);
  expect(producer.isDelivered).toBe(false);
  expect(pointsOf(producer.produce(), queueMetrics.retries)).toMatchObject([{ value: 4 }]);
  expect(pointsOf(producer.produce(), queueMetrics.jobWait)).toMatchObject([{ value: { count: 1, sum: 0.3 } }]);
  producer.send()(true);
  expect(producer.isDelivered).toBe(true);
  expect(pointsOf(producer.produce(), queueMetrics.retries)).toBeUndefined();
});

test('at the end, delta values on their way count as delivered, unless nothing carries them any more', () => {
  producer.produce();
  producer.send();
  expect(producer.isDelivered).toBe(true);
  queues.retries(6, queue);
  expect(pointsOf(producer.produce(), queueMetrics.retries)).toMatchObject([{ value: 6 }]);
  producer.lose();
  expect(producer.isDelivered).toBe(false);
  const [all] = pointsOf(producer.produce(), queueMetrics.retries) ?? [];
  expect(all?.value).toBeGreaterThan(6);
});

test('cumulative values on their way are sent again: it does no harm', () => {
  const cumulative = createMetricProducer(undefined, '1');
  const before = pointsOf(cumulative.produce(), queueMetrics.retries);
  cumulative.send();
  expect(cumulative.isDelivered).toBe(false);
  expect(pointsOf(cumulative.produce(), queueMetrics.retries)?.map(({ value }) => value)).toEqual(before?.map(({ value }) => value));
});

test('levels are the same under every preference; lowmemory leaves what is only looked at cumulative', () => {
  const temporalities = (['cumulative', 'delta', 'lowmemory'] as const).map((preference) => {
    const produced = createMetricProducer(undefined, '1', preference).produce();
    const all = produced.scopeMetrics.flatMap((scope) => scope.metrics);
    return [queueMetrics.retries, queueMetrics.jobWait, processMetrics.cpuTime, queueMetrics.jobsActive].map(
      ({ name }) => all.find(({ descriptor }) => descriptor.name === name)?.aggregationTemporality,
    );
  });
  expect(temporalities).toEqual([
    [1, 1, 1, 1],
    [0, 0, 0, 1],
    [0, 0, 1, 1],
  ]);
  producer.produce();
  producer.send()(true);
  expect(pointsOf(producer.produce(), queueMetrics.jobsActive)).toMatchObject([{ value: 2 }]);
  expect(pointsOf(producer.produce(), queueMetrics.depth)).toMatchObject([{ value: 7 }]);
});

test('the last values stay what they were until they are delivered; levels have moved to who takes over', () => {
  producer.produce();
  producer.send()(true);
  queues.retries(8, queue);
  producer.finish(new Snapshot(readMetrics()));
  queues.retries(100, queue);
  for (const hasArrived of [false, true]) {
    expect(producer.isFinished).toBe(false);
    const last = producer.produce();
    expect(pointsOf(last, queueMetrics.retries)).toMatchObject([{ value: 8 }]);
    expect(pointsOf(last, queueMetrics.jobsActive)).toMatchObject([{ value: 0 }]);
    expect(pointsOf(last, queueMetrics.depth)).toBeUndefined();
    producer.send()(hasArrived);
  }
  expect(producer.isFinished).toBe(true);
  expect(producer.produce().scopeMetrics).toEqual([]);
});
