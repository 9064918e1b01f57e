import { OTHER, queueMetrics, selfMetrics } from '@tallyman/catalog';
import { channels, currentAttribution, type JobEvent, withAttribution } from '@tallyman/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { thenable } from '../../thenable.ts';
import { waitFor } from '../../wait.ts';
import type { QueueHarness, QueueUnderTest } from './harness.ts';
import { currentCount, currentValue } from './readings.ts';

export type { AddOptions, QueueHarness, QueueUnderTest } from './harness.ts';
export { currentCount, currentValue } from './readings.ts';

class UnreadableCvError extends Error {}

/** A promise that the test resolves. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

let queues = 0;

/** What every queue adapter does, on its library and a real server. */
export function describeQueueAdapter(title: string, harness: QueueHarness): void {
  /** Runs the work on a queue of its own, and closes it. */
  async function withQueue(work: (queue: QueueUnderTest, name: string, of: { readonly 'queue.name': string }) => Promise<void>): Promise<void> {
    queues += 1;
    const name = `cv-queue-${harness.system}-${queues}`;
    const queue = await harness.open(name);
    try {
      await work(queue, name, { 'queue.name': name });
    } finally {
      await queue.close();
    }
  }

  /** Attempts of a queue that have ended in this way. */
  const ended = (name: string, outcome: JobEvent['outcome']): number => currentCount(queueMetrics.jobDuration, { 'queue.name': name, outcome });
  const untilEnded = (name: string, outcome: JobEvent['outcome'], count = 1) =>
    waitFor(
      () => ended(name, outcome),
      (seen) => seen === count,
    );

  describe(title, () => {
    beforeAll(() => harness.start());
    afterAll(() => harness.stop());

    test('a job that succeeds: duration, wait, enqueued, and nothing else', () =>
      withQueue(async (queue, name, of) => {
        const seen: unknown[] = [];
        await queue.work((data) => void seen.push(data));
        await queue.add({ text: 'a cv' });
        await untilEnded(name, 'ok');
        expect(seen).toEqual([{ text: 'a cv' }]);
        expect(currentCount(queueMetrics.jobDuration, of)).toBe(1);
        expect(currentCount(queueMetrics.jobDuration, { ...of, 'job.type': harness.type, 'queue.system': harness.system, outcome: 'ok' })).toBe(1);
        expect(currentCount(queueMetrics.jobWait, { ...of, 'queue.system': harness.system })).toBe(1);
        expect(currentValue(queueMetrics.jobsEnqueued, of)).toBe(1);
        expect(currentValue(queueMetrics.jobsActive, of)).toBe(0);
        expect([currentValue(queueMetrics.failures, of), currentValue(queueMetrics.retries, of), currentValue(queueMetrics.stalled, of)]).toEqual([0, 0, 0]);
      }));

    test('a job that fails once and then succeeds: a retry, no failure, one wait', () =>
      withQueue(async (queue, name, of) => {
        let attempt = 0;
        await queue.work(() => {
          attempt += 1;
          if (attempt === 1) throw new UnreadableCvError('page 7 of the CV of a.person@example.com');
        });
        await queue.add({}, { attempts: 3 });
        await untilEnded(name, 'ok');
        expect(ended(name, 'retry')).toBe(1);
        expect(currentValue(queueMetrics.retries, of)).toBe(1);
        expect(currentValue(queueMetrics.failures, of)).toBe(0);
        expect(currentCount(queueMetrics.jobWait, of)).toBe(1);
      }));

    test('a job that fails for good counts once, under the class of its last error', () =>
      withQueue(async (queue, name, of) => {
        await queue.work(async () => {
          throw new UnreadableCvError('page 7 of the CV of a.person@example.com');
        });
        await queue.add({}, { attempts: 2 });
        await untilEnded(name, 'error');
        expect(ended(name, 'retry')).toBe(1);
        expect(currentValue(queueMetrics.retries, of)).toBe(1);
        expect(currentValue(queueMetrics.failures, of)).toBe(1);
        expect(currentValue(queueMetrics.failures, { ...of, 'error.type': 'UnreadableCvError' })).toBe(1);
        expect(currentValue(queueMetrics.failures, { ...of, 'error.type': OTHER })).toBe(0);
        expect(currentValue(queueMetrics.jobsActive, of)).toBe(0);
      }));

    test('a deliberate delay is no waiting', () =>
      withQueue(async (queue, name, of) => {
        const delayMs = 1000;
        const start = Date.now();
        await queue.work(() => undefined);
        await queue.add({}, { delayMs });
        await untilEnded(name, 'ok');
        const elapsedMs = Date.now() - start;
        expect(currentCount(queueMetrics.jobWait, of)).toBe(1);
        expect((currentValue(queueMetrics.jobWait, of) ?? Number.NaN) * 1000).toBeLessThanOrEqual(elapsedMs - delayMs);
      }));

    test('jobs count as active while they run, beside the concurrency of the workers', () =>
      withQueue(async (queue, name, of) => {
        const { opened, open } = gate();
        await queue.work(() => opened, { concurrency: 2 });
        await queue.addMany([{}, {}, {}]);
        await waitFor(
          () => currentValue(queueMetrics.jobsActive, of),
          (active) => active === 2,
        );
        expect(currentValue(queueMetrics.jobsEnqueued, of)).toBe(3);
        expect(currentValue(queueMetrics.concurrency, of)).toBe(2);
        open();
        await untilEnded(name, 'ok', 3);
        expect(currentValue(queueMetrics.jobsActive, of)).toBe(0);
        await queue.close();
        await waitFor(
          () => currentValue(queueMetrics.concurrency, of),
          (concurrency) => concurrency === 0,
        );
      }));

    test('the depth is reported by state', () =>
      withQueue(async (queue, _name, of) => {
        await queue.addMany([{}, {}]);
        await queue.add({}, { delayMs: 600_000 });
        const depth = (state: string) => currentValue(queueMetrics.depth, { ...of, state });
        await waitFor(
          () => [depth('waiting'), depth('delayed'), depth('active')],
          ([waiting, delayed, active]) => waiting === 2 && delayed === 1 && active === 0,
        );
        if (harness.tellsAge) expect(currentValue(queueMetrics.oldestJobAge, of)).toBeGreaterThan(0);
      }));

    test('what a handler does belongs to whoever added the job, not to whoever made the worker', () =>
      withQueue(async (queue, name) => {
        const seen: unknown[] = [];
        await withAttribution({ feature: 'leak', requestId: 'leak', user: 'leak' }, () =>
          queue.work(async ({ of }) => {
            await Promise.resolve();
            seen.push([of, currentAttribution()]);
          }),
        );
        await withAttribution({ feature: 'cv_parse', requestId: 'r-1', run: 'run-1' }, () => queue.add({ of: 'a request' }));
        await queue.add({ of: 'nobody' });
        await untilEnded(name, 'ok', 2);
        const job = { queue: name, type: harness.type };
        expect(seen).toEqual([
          ['a request', { feature: 'cv_parse', requestId: 'r-1', run: 'run-1', job }],
          ['nobody', { job }],
        ]);
      }));

    test('so it does in another process', async () => {
      queues += 1;
      const name = `cv-queue-elsewhere-${queues}`;
      const seen = await withAttribution({ feature: 'cv_parse', requestId: 'r-1', run: 'run-1' }, () => harness.workElsewhere(name));
      expect(seen).toEqual({ feature: 'cv_parse', requestId: 'r-1', run: 'run-1', job: { queue: name, type: harness.type } });
    });

    test('every attempt is published, with who caused it and without a message', () =>
      withQueue(async (queue, name) => {
        const events: JobEvent[] = [];
        const end = channels.job.subscribe((event) => void (event.queue === name && events.push(event)));
        await queue.work(() => {
          throw new UnreadableCvError('page 7 of the CV of a.person@example.com');
        });
        await withAttribution({ feature: 'cv_parse', requestId: 'r-2' }, () => queue.add({}));
        await untilEnded(name, 'error');
        end();
        expect(events).toMatchObject([
          {
            ...{ queue: name, type: harness.type, system: harness.system, outcome: 'error', errorType: 'UnreadableCvError' },
            feature: 'cv_parse',
            requestId: 'r-2',
          },
        ]);
        expect(events[0]?.durationSeconds).toBeGreaterThanOrEqual(0);
        expect(events[0]?.waitSeconds).toBeGreaterThanOrEqual(0);
        expect(JSON.stringify(events)).not.toContain('page 7');
      }));

    test('a handler that returns a query builder, which runs at each then, runs it once', () =>
      withQueue(async (queue, name) => {
        let runs = 0;
        await queue.work(() => thenable(() => ++runs));
        await queue.add({});
        await untilEnded(name, 'ok');
        expect(runs).toBe(1);
      }));

    test('none of it was a fault of ours', () => {
      expect(currentValue(selfMetrics.errors, {})).toBeUndefined();
    });
  });
}
