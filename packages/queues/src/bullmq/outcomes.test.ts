import { queueMetrics } from '@tallyman/catalog';
import { waitFor } from '@tallyman/testkit';
import { currentCount, currentValue } from '@tallyman/testkit/conformance/queues';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BullmqHarness } from './bullmq.test.harness.ts';

describe.each(['bullmq', 'bullmq-5'])('how attempts end in %s', (folder) => {
  const harness = new BullmqHarness(folder);
  beforeAll(() => harness.start());
  afterEach(() => harness.closeAll());
  afterAll(() => harness.stop());

  let queues = 0;
  const nextName = () => {
    queues += 1;
    return `outcomes-${folder}-${queues}`;
  };
  const ended = (name: string, outcome: string) => currentCount(queueMetrics.jobDuration, { 'queue.name': name, outcome });
  const untilEnded = (name: string, outcome: string, count = 1) =>
    waitFor(
      () => ended(name, outcome),
      (seen) => seen === count,
    );
  const failures = (name: string, type?: string) => currentValue(queueMetrics.failures, { 'queue.name': name, ...(type && { 'error.type': type }) });

  test('an UnrecoverableError is terminal, whatever attempts are left', async () => {
    const name = nextName();
    harness.worker(name, async () => {
      throw new harness.library.UnrecoverableError('no');
    });
    await harness.queue(name).add('parse', {}, { attempts: 5 });
    await untilEnded(name, 'error');
    expect(failures(name, 'UnrecoverableError')).toBe(1);
    expect(currentValue(queueMetrics.retries, { 'queue.name': name })).toBe(0);
  });

  test('what is thrown to steer a job is no failure, and its first attempt alone has waited', async () => {
    const name = nextName();
    const { DelayedError, WaitingChildrenError, WaitingError, Worker } = harness.library;
    const steps = ['rate_limited', 'delayed', 'waiting', 'waiting_children', 'ok'];
    const worker = harness.worker(name, async (job, token) => {
      switch (steps.shift()) {
        case 'rate_limited':
          await worker.rateLimit(50);
          throw Worker.RateLimitError();
        case 'delayed':
          await job.moveToDelayed(Date.now() + 50, token);
          throw new DelayedError();
        case 'waiting':
          await job.moveToWait(token);
          throw new WaitingError();
        case 'waiting_children': {
          const child = harness.queue(`${name}-children`);
          await child.add('child', {}, { parent: { id: job.id ?? '', queue: job.queueQualifiedName } });
          harness.worker(`${name}-children`, async () => undefined);
          if (await job.moveToWaitingChildren(token ?? '')) throw new WaitingChildrenError();
        }
      }
    });
    await harness.queue(name).add('parse', {});
    await untilEnded(name, 'ok');
    expect(['rate_limited', 'delayed', 'waiting', 'waiting_children', 'ok'].map((outcome) => ended(name, outcome))).toEqual([1, 1, 1, 1, 1]);
    expect(failures(name)).toBe(0);
    expect(currentValue(queueMetrics.retries, { 'queue.name': name })).toBe(0);
    expect(currentCount(queueMetrics.jobWait, { 'queue.name': name })).toBe(1);
  });

  test('a job whose worker has lost it counts as stalled, and once as done', async () => {
    const name = nextName();
    let release = (): void => undefined;
    const lost = new Promise<void>((resolve) => {
      release = resolve;
    });
    harness.worker(name, () => lost, { lockDuration: 50, skipLockRenewal: true, skipStalledCheck: true }).on('error', () => undefined);
    await harness.queue(name).add('parse', {});
    await waitFor(
      () => currentValue(queueMetrics.jobsActive, { 'queue.name': name }),
      (active) => active === 1,
    );
    harness.worker(name, async () => undefined, { stalledInterval: 50 });
    await untilEnded(name, 'ok');
    expect(currentValue(queueMetrics.stalled, { 'queue.name': name })).toBe(1);
    release();
    await waitFor(
      () => currentValue(queueMetrics.jobsActive, { 'queue.name': name }),
      (active) => active === 0,
    );
    await harness.closeAll();
    expect(currentCount(queueMetrics.jobDuration, { 'queue.name': name })).toBe(1);
    expect(failures(name)).toBe(0);
  });

  test('a job that stalled too often fails without reaching a handler, and counts as a failure', async () => {
    const name = nextName();
    let release = (): void => undefined;
    const lost = new Promise<void>((resolve) => {
      release = resolve;
    });
    harness.worker(name, () => lost, { lockDuration: 50, skipLockRenewal: true, skipStalledCheck: true }).on('error', () => undefined);
    await harness.queue(name).add('parse', {}, { attempts: 3 });
    await waitFor(
      () => currentValue(queueMetrics.jobsActive, { 'queue.name': name }),
      (active) => active === 1,
    );
    harness.worker(name, async () => undefined, { stalledInterval: 50, maxStalledCount: 0 });
    await untilEnded(name, 'error');
    expect(failures(name, 'UnrecoverableError')).toBe(1);
    release();
  });

  test('a job whose result cannot be stored has failed', async () => {
    const name = nextName();
    harness.worker(name, async () => ({ size: 1n })).on('error', () => undefined);
    await harness.queue(name).add('parse', {});
    await untilEnded(name, 'error');
    expect(failures(name, 'TypeError')).toBe(1);
    expect(ended(name, 'ok')).toBe(0);
  });

  test('jobs that the application fetches itself count where it moves them', async () => {
    const name = nextName();
    const queue = harness.queue(name);
    const worker = harness.worker(name, null);
    await queue.addBulk([
      { name: 'parse', data: {} },
      { name: 'parse', data: {}, opts: { attempts: 2 } },
    ]);
    const done = await worker.getNextJob('token');
    await done?.moveToCompleted('a result', 'token', false);
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const failing = await worker.getNextJob('token');
      await failing?.moveToFailed(new RangeError('no'), 'token', false);
    }
    expect([ended(name, 'ok'), ended(name, 'retry'), ended(name, 'error')]).toEqual([1, 1, 1]);
    expect(failures(name, 'RangeError')).toBe(1);
    expect(currentCount(queueMetrics.jobWait, { 'queue.name': name })).toBe(2);
  });

  test('a job that its own handler moves on counts once', async () => {
    const name = nextName();
    const worker = harness.worker(name, async (job, token) => {
      await job.moveToCompleted('a result', token ?? '', false);
    });
    // The worker moves it on as well, and finds that it does not hold it any more.
    const refused = new Promise((resolve) => worker.once('error', resolve));
    await harness.queue(name).add('parse', {});
    await refused;
    expect(ended(name, 'ok')).toBe(1);
    expect(currentCount(queueMetrics.jobDuration, { 'queue.name': name })).toBe(1);
  });

  test('a job that is gone when its handler returns is not measured, and is no failure', async () => {
    const name = nextName();
    const queue = harness.queue(name);
    const worker = harness.worker(name, () => queue.obliterate({ force: true }));
    const refused = new Promise((resolve) => worker.once('error', resolve));
    await queue.add('parse', {});
    await refused;
    await harness.closeAll();
    expect([currentCount(queueMetrics.jobDuration, { 'queue.name': name }), failures(name)]).toEqual([0, 0]);
    expect(currentValue(queueMetrics.jobsActive, { 'queue.name': name })).toBe(0);
  });

  test('concurrency follows the worker', async () => {
    const name = nextName();
    const concurrency = () => currentValue(queueMetrics.concurrency, { 'queue.name': name });
    const worker = harness.worker(name, async () => undefined, { concurrency: 3 });
    harness.worker(name, async () => undefined, { concurrency: 2 });
    expect(concurrency()).toBe(5);
    worker.concurrency = 7;
    expect(concurrency()).toBe(9);
    await worker.close();
    expect(concurrency()).toBe(2);
  });
});
