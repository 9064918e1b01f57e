import { channels, createMetricProducer, type FeatureUseEvent, type JobEvent } from '@tallyman/core';
import { feature } from '@tallyman/features';
import { instrumentBullMQ } from '@tallyman/queues/bullmq';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { parameters } from './hostile.test.data.ts';

class Worker {
  callProcessJob(_job: Job, handler: () => void): void {
    handler();
  }
  emit(..._event: unknown[]): void {}
}
class Job {
  readonly name = 'parse';
  readonly queueName = 'clocks';
  readonly opts = {};
  readonly timestamp = Date.now();
  readonly attemptsStarted = 1;
  async moveToCompleted(): Promise<void> {}
}
instrumentBullMQ({ Worker, Job });

afterEach(() => vi.restoreAllMocks());

/** Milliseconds that a clock jumps by, as after a suspension, or when somebody sets it. */
const jump = fc.oneof(fc.constant(0), fc.integer({ min: -12 * 3_600_000, max: 12 * 3_600_000 }));

test('whatever clocks do, no duration is negative or no number, and no point starts after its end', async () => {
  const events: (FeatureUseEvent | JobEvent)[] = [];
  const ends = [channels.featureUse.subscribe((event) => void events.push(event)), channels.job.subscribe((event) => void events.push(event))];
  const [date, monotonic] = [Date.now.bind(Date), performance.now.bind(performance)];
  let [dateOffset, monotonicOffset] = [0, 0];
  vi.spyOn(Date, 'now').mockImplementation(() => date() + dateOffset);
  vi.spyOn(performance, 'now').mockImplementation(() => monotonic() + monotonicOffset);
  const producers = (['cumulative', 'delta'] as const).map((preference) => createMetricProducer({ attributes: {} }, '0', preference));
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 30 }), jump, jump, async (name, byDate, byMonotonic) => {
      const leap = (): void => {
        dateOffset += byDate;
        monotonicOffset += byMonotonic;
      };
      feature(`clocks ${name}`, leap);
      const job = new Job();
      const worker = new Worker();
      worker.callProcessJob(job, leap);
      await job.moveToCompleted();
      worker.emit('completed', job);
      for (const producer of producers) {
        const points = producer.produce().scopeMetrics.flatMap(({ metrics }) => metrics.flatMap(({ dataPoints }) => dataPoints));
        expect(points.filter(({ startTime, endTime }) => startTime[0] + startTime[1] / 1e9 > endTime[0] + endTime[1] / 1e9)).toEqual([]);
        producer.send()(true);
      }
    }),
    parameters,
  );
  for (const end of ends) end();
  expect(events.length).toBeGreaterThanOrEqual(2 * parameters.numRuns);
  for (const { durationSeconds } of events) expect(durationSeconds).toSatisfy((seconds: number) => Number.isFinite(seconds) && seconds >= 0);
});
