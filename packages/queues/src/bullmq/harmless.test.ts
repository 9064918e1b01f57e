import { queueMetrics } from '@tallyman/catalog';
import { runtime, withAttribution } from '@tallyman/core';
import { runApp, startRedis, waitFor } from '@tallyman/testkit';
import { currentCount, currentValue } from '@tallyman/testkit/conformance/queues';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BullmqHarness, beside, NODE_FLAGS } from './bullmq.test.harness.ts';
import { instrumentBullMQ } from './index.ts';

describe.each(['bullmq', 'bullmq-5'])('an application with %s', (folder) => {
  const harness = new BullmqHarness(folder);
  beforeAll(() => harness.start());
  afterEach(() => harness.closeAll());
  afterAll(() => harness.stop());

  let queues = 0;
  const nextName = () => {
    queues += 1;
    return `harmless-${folder}-${queues}`;
  };
  const depth = (name: string, state: string) => currentValue(queueMetrics.depth, { 'queue.name': name, state });
  const oldestAge = (name: string) => currentValue(queueMetrics.oldestJobAge, { 'queue.name': name });

  test('sees the same handlers, results, errors and events with and without measurement, and ends by itself', async () => {
    const run = async (variant: string) => {
      const app = await runApp({
        nodeFlags: NODE_FLAGS,
        entry: beside('bullmq.test.app.ts'),
        args: [variant, folder, `${harness.redis.port}`, `app-${variant}`],
      });
      return { end: await app.ended, stdout: app.stdout, stderr: app.stderr };
    };
    const [bare, hooked, instrumented] = [await run('bare'), await run('hooked'), await run('instrumented')];
    expect(bare).toMatchObject({ end: { code: 0, signal: null }, stderr: 'measured: false\n' });
    expect(JSON.parse(bare.stdout).handler).toHaveLength(7);
    expect(hooked).toEqual({ ...bare, stderr: 'measured: true\n' });
    expect(instrumented).toEqual({ ...bare, stderr: 'measured: true\n' });
  });

  test('is measured once, however often its classes are named', async () => {
    const name = nextName();
    instrumentBullMQ(harness.library);
    harness.worker(name, async () => undefined);
    await harness.queue(name).add('parse', {});
    await waitFor(
      () => currentCount(queueMetrics.jobDuration, { 'queue.name': name }),
      (count) => count > 0,
    );
    await harness.closeAll();
    expect(currentCount(queueMetrics.jobDuration, { 'queue.name': name })).toBe(1);
    expect(currentValue(queueMetrics.jobsEnqueued, { 'queue.name': name })).toBe(1);
  });

  test('has every job counted, whatever the names of jobs and queues hold', async () => {
    const hostile = [
      '__proto__',
      'constructor',
      'a\0b',
      'a\nb',
      '\ud800',
      '"} 1\nup 0',
      '\x1b[31m',
      '../..',
      'x'.repeat(100_000),
      '漢字',
      '_OTHER',
      '_unverified',
    ];
    const before = { added: currentValue(queueMetrics.jobsEnqueued, {}) ?? 0, done: currentCount(queueMetrics.jobDuration, {}) };
    const prefix = nextName();
    for (const name of hostile.map((text) => `${prefix}${text}`)) {
      harness.worker(name, async () => undefined);
      await harness.queue(name).addBulk(hostile.map((type) => ({ name: type, data: {} })));
    }
    const jobs = hostile.length ** 2;
    await waitFor(
      () => currentCount(queueMetrics.jobDuration, {}) - before.done,
      (done) => done >= jobs,
    );
    await harness.closeAll();
    expect(currentCount(queueMetrics.jobDuration, {}) - before.done).toBe(jobs);
    expect((currentValue(queueMetrics.jobsEnqueued, {}) ?? 0) - before.added).toBe(jobs);
    expect(currentCount(queueMetrics.jobDuration, { 'queue.name': `${prefix}__proto__`, 'job.type': '__proto__' })).toBe(1);
  });

  test('has its sandboxed handlers measured here, and attributed there', async () => {
    const name = nextName();
    const results: unknown[] = [];
    const execArgv = [...NODE_FLAGS, '--import', beside('bullmq.test.hook.ts')];
    const worker = harness.worker(name, beside('bullmq.test.sandbox.ts'), { workerForkOptions: { execArgv } });
    worker.on('completed', (_job, result) => results.push(result));
    const queue = harness.queue(name);
    await withAttribution({ feature: 'cv_parse', requestId: 'r-1' }, () => queue.add('parse', {}));
    await queue.add('parse', { fails: true });
    await waitFor(
      () => currentCount(queueMetrics.jobDuration, { 'queue.name': name }),
      (count) => count === 2,
    );
    expect(results).toEqual([{ feature: 'cv_parse', requestId: 'r-1', job: { queue: name, type: 'parse' } }]);
    expect(currentValue(queueMetrics.failures, { 'queue.name': name })).toBe(1);
  });

  test('has the depth of its queue reported by state, until it closes it', async () => {
    const name = nextName();
    const queue = harness.queue(name);
    await queue.add('parse', {}, { priority: 3 });
    await waitFor(
      () => [depth(name, 'prioritized'), oldestAge(name)],
      ([jobs = 0, age = 0]) => jobs === 1 && age > 0,
    );
    await queue.pause();
    await queue.add('parse', {});
    await waitFor(
      () => [depth(name, 'paused'), depth(name, 'waiting')],
      ([paused, waiting]) => paused === 1 && waiting === 0,
    );
    await queue.resume();
    await waitFor(
      () => [depth(name, 'paused'), depth(name, 'waiting')],
      ([paused, waiting]) => paused === 0 && waiting === 1,
    );
    harness.worker(name, async (job) => {
      if (job.opts.priority) throw new Error('no');
    });
    await waitFor(
      () => [depth(name, 'failed'), depth(name, 'completed'), oldestAge(name)],
      ([failed, completed, age]) => failed === 1 && completed === 1 && age === 0,
    );
    await harness.closeAll();
    await waitFor(
      () => [depth(name, 'failed'), oldestAge(name)],
      (values) => values.every((value) => value === undefined),
    );
  });

  test('is not asked for depth when that is turned off, nor connected when it has not connected itself', async () => {
    const [off, lazy, other] = [nextName(), nextName(), nextName()];
    runtime.configuration = { queues: { depth: 'off' } };
    harness.queue(off);
    runtime.configuration = {};
    const client = new Redis({ ...harness.connection, lazyConnect: true, maxRetriesPerRequest: null });
    const options = { connection: client, skipWaitingForReady: true, skipVersionCheck: true, skipMetasUpdate: true };
    const queue = new harness.library.Queue(lazy, options as never);
    await queue.waitUntilReady().catch(() => undefined);
    harness.queue(other);
    await waitFor(
      () => depth(other, 'waiting'),
      (waiting) => waiting === 0,
    );
    expect([depth(off, 'waiting'), depth(lazy, 'waiting')]).toEqual([undefined, undefined]);
    expect(client.status).toBe('wait');
    client.disconnect();
  });

  test('that loses its Redis loses the depth, and nothing else', async () => {
    const name = nextName();
    const redis = await startRedis();
    let isOver = false;
    const connection = { host: redis.host, port: redis.port, retryStrategy: () => (isOver ? null : 20) };
    const queue = new harness.library.Queue(name, { connection });
    const worker = new harness.library.Worker(name, async () => undefined, { connection });
    const errors: string[] = [];
    queue.on('error', ({ message }) => void errors.push(message));
    worker.on('error', ({ message }) => void errors.push(message));
    await queue.add('parse', {});
    await waitFor(
      () => depth(name, 'completed'),
      (completed) => completed === 1,
    );
    await redis.stop();
    await waitFor(
      () => [depth(name, 'completed'), oldestAge(name)],
      (values) => values.every((value) => value === undefined),
    );
    expect([queue.listenerCount('error'), worker.listenerCount('error')]).toEqual([1, 1]);
    isOver = true;
    await waitFor(
      () => errors,
      (seen) => seen.some((message) => message.includes('ECONNREFUSED')),
    );
  });
});
