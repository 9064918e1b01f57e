import { queueMetrics } from '@tallyman/catalog';
import { currentAttribution, readMetrics, withAttribution } from '@tallyman/core';
import { waitFor } from '@tallyman/testkit';
import { currentCount, currentValue } from '@tallyman/testkit/conformance/queues';
import type { Job, JobResult, PgBoss } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { instrumentPgBoss } from './index.ts';
import { PgBossHarness, startBoss } from './pg-boss.test.harness.ts';

const POLL = { pollingIntervalSeconds: 0.5 };

describe('jobs of pg-boss', () => {
  const harness = new PgBossHarness();
  let boss: PgBoss;
  beforeAll(async () => {
    await harness.start();
    boss = harness.boss;
  });
  afterAll(() => harness.stop());

  let queues = 0;
  const newQueue = async (options: object = {}) => {
    queues += 1;
    const name = `jobs-${queues}`;
    await boss.createQueue(name, { retryLimit: 0, retryDelay: 0, ...options });
    return name;
  };
  const ended = (name: string, outcome: string) => currentCount(queueMetrics.jobDuration, { 'queue.name': name, outcome });
  const untilEnded = (name: string, outcome: string, count = 1) =>
    waitFor(
      () => ended(name, outcome),
      (seen) => seen === count,
    );
  const failures = (name: string, type?: string) => currentValue(queueMetrics.failures, { 'queue.name': name, ...(type && { 'error.type': type }) });
  const enqueued = (name: string) => currentValue(queueMetrics.jobsEnqueued, { 'queue.name': name });

  test('a batch fails as a whole, and runs for nobody alone when different callers added its jobs', async () => {
    const name = await newQueue();
    const seen: unknown[] = [];
    await withAttribution({ feature: 'cv_parse' }, () => boss.send(name, {}));
    await withAttribution({ feature: 'job_match' }, () => boss.send(name, {}));
    await boss.work(name, { ...POLL, batchSize: 5 }, async (jobs) => {
      seen.push(jobs.length, currentAttribution());
      throw new RangeError('no');
    });
    await untilEnded(name, 'error', 2);
    expect(seen).toEqual([2, { job: { queue: name, type: 'default' } }]);
    expect(failures(name, 'RangeError')).toBe(2);
    expect(currentValue(queueMetrics.concurrency, { 'queue.name': name })).toBe(5);
  });

  test('a batch of one caller runs for it', async () => {
    const name = await newQueue();
    const seen: unknown[] = [];
    await withAttribution({ feature: 'cv_parse', requestId: 'r-1' }, () => boss.insert(name, [{ data: { n: 1 } }, { data: { n: 2 } }]));
    await boss.work(name, { ...POLL, batchSize: 5 }, async () => void seen.push(currentAttribution()));
    await untilEnded(name, 'ok', 2);
    expect(seen).toMatchObject([{ feature: 'cv_parse', requestId: 'r-1' }]);
  });

  test('results for each job count for each job', async () => {
    const name = await newQueue({ retryLimit: 1 });
    await boss.insert(
      name,
      ['completed', 'failed', 'deadletter', 'forgotten'].map((status) => ({ data: { status } })),
    );
    const handler = async (jobs: Job<{ status: string }>[]) =>
      jobs.filter(({ data }) => data.status !== 'forgotten').map(({ id, data }) => ({ id, status: data.status, output: new RangeError('no') }) as JobResult);
    await boss.work(name, { ...POLL, batchSize: 10, perJobResults: true }, handler);
    await untilEnded(name, 'error', 3);
    expect([ended(name, 'ok'), ended(name, 'retry')]).toEqual([1, 2]);
    expect([failures(name), failures(name, 'RangeError')]).toEqual([3, 2]);
  });

  test('the limit of attempts is that of the job, else that of the queue, told by metadata or not', async () => {
    const name = await newQueue({ retryLimit: 1 });
    const states: unknown[] = [];
    for (const includeMetadata of [false, true]) {
      const ids = [await boss.send(name, {}), await boss.send(name, {}, { retryLimit: 0 }), await boss.send(name, {}, { retryLimit: 2 })];
      const before = [ended(name, 'error'), ended(name, 'retry')];
      await boss.work(name, { ...POLL, batchSize: 1, localConcurrency: 3, includeMetadata }, async () => {
        throw new RangeError('no');
      });
      await untilEnded(name, 'error', (before[0] ?? 0) + 3);
      expect(ended(name, 'retry')).toBe((before[1] ?? 0) + 3);
      await boss.offWork(name);
      for (const id of ids) states.push((await boss.findJobs(name, { id: id ?? '' }))[0]?.state);
    }
    expect(states).toEqual(new Array(6).fill('failed'));
  });

  test('a job that its handler fails itself has failed', async () => {
    const name = await newQueue();
    await boss.send(name, {});
    await boss.work(name, POLL, async ([job]) => {
      await boss.fail(name, job?.id ?? '', { name: 'a.person@example.com' });
    });
    await untilEnded(name, 'error');
    expect(failures(name, '_OTHER')).toBe(1);
    expect(ended(name, 'ok')).toBe(0);
  });

  test('a job whose result cannot be stored has failed', async () => {
    const name = await newQueue();
    await boss.send(name, {});
    await boss.work(name, POLL, async () => ({
      toJSON() {
        throw new TypeError('no');
      },
    }));
    await untilEnded(name, 'error');
    expect([failures(name), ended(name, 'ok')]).toEqual([1, 0]);
  });

  test('a handler that outlives its time has failed, and is active until it returns', async () => {
    const name = await newQueue({ expireInSeconds: 1 });
    let release = (): void => undefined;
    const returned = new Promise<void>((resolve) => {
      release = resolve;
    });
    await boss.send(name, {});
    await boss.work(name, POLL, () => returned);
    await untilEnded(name, 'error');
    const active = () => currentValue(queueMetrics.jobsActive, { 'queue.name': name });
    expect(active()).toBe(1);
    release();
    await waitFor(active, (jobs) => jobs === 0);
    expect(currentCount(queueMetrics.jobDuration, { 'queue.name': name })).toBe(1);
  });

  test('handler, job and stored result are what they are without measurement', async () => {
    const name = await newQueue();
    const jobs: object[] = [];
    const handler = Object.assign(
      async ([job]: Job[]) => {
        jobs.push(job ?? {});
        return { pages: 2 };
      },
      { own: true },
    );
    const id = await withAttribution({ feature: 'cv_parse' }, () => boss.send(name, { text: 'a cv' }));
    await boss.work(name, POLL, handler);
    await waitFor(
      async () => (await boss.findJobs(name, { id: id ?? '' }))[0],
      (job) => job?.state === 'completed',
    );
    expect(jobs).toEqual([expect.objectContaining({ id, name, data: { text: 'a cv' } })]);
    expect(Object.keys(jobs[0] ?? {}).filter((key) => /trace|tallyman/i.test(key))).toEqual([]);
    expect((await boss.findJobs(name, { id: id ?? '' }))[0]?.output).toEqual({ pages: 2 });
  });

  test('a dead letter belongs to whoever added the job, and has not waited since then', async () => {
    const deadLetter = await newQueue();
    const name = await newQueue({ deadLetter });
    const seen: unknown[] = [];
    await withAttribution({ feature: 'cv_parse' }, () => boss.send(name, {}));
    await boss.work(name, POLL, async () => {
      throw new RangeError('no');
    });
    await boss.work(deadLetter, POLL, async () => void seen.push(currentAttribution()));
    await untilEnded(deadLetter, 'ok');
    expect(seen).toEqual([{ feature: 'cv_parse', job: { queue: deadLetter, type: 'default' } }]);
    expect(currentCount(queueMetrics.jobWait, { 'queue.name': deadLetter })).toBe(0);
  });

  test('what pg-boss did not insert does not count as enqueued', async () => {
    const [name, other] = [await newQueue(), await newQueue()];
    expect(await boss.sendThrottled(name, {}, {}, 600, 'key')).toEqual(expect.any(String));
    expect(await boss.sendThrottled(name, {}, {}, 600, 'key')).toBeNull();
    expect(enqueued(name)).toBe(1);
    await boss.upsert(name, {}, { singletonKey: 'other key' });
    await boss.upsert(name, {}, { singletonKey: 'other key' });
    expect(enqueued(name)).toBe(2);
    await boss.flow([
      { ref: 'page', name: other, data: {} },
      { ref: 'cv', name, data: {}, dependsOn: ['page'] },
    ]);
    expect([enqueued(name), enqueued(other)]).toEqual([3, 1]);
  });

  test('the queues that pg-boss runs for itself are not measured', async () => {
    const named = readMetrics().flatMap(({ points }) => points.map(({ attributes }) => attributes['queue.name']));
    expect(named.filter((name) => String(name).startsWith('__pgboss__'))).toEqual([]);
  });

  /** Sends a job for a feature and resolves with the feature of its handler, under these options. */
  async function featureOfHandler(name: string, openTelemetry: object): Promise<string | undefined> {
    const { boss: other, stop } = await startBoss(harness.database, { schema: name, openTelemetry });
    await other.createQueue(name);
    await withAttribution({ feature: 'cv_parse' }, () => other.send(name, {}));
    const feature = await new Promise<string | undefined>((resolve) => {
      void other.work(name, POLL, async () => resolve(currentAttribution()?.feature));
    });
    await stop();
    return feature;
  }

  test("the application's own trace context travels beside the attribution", async () => {
    const extracted: unknown[] = [];
    const propagator = {
      inject: (_context: unknown, carrier: Record<string, string>) =>
        Object.assign(carrier, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }),
      extract: (context: unknown, carrier: unknown) => {
        extracted.push(carrier);
        return context;
      },
      fields: () => ['traceparent'],
    };
    expect(await featureOfHandler('telemetry_own', { propagateContext: true, propagator })).toBe('cv_parse');
    expect(extracted).toEqual([{ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }]);
  });

  test('without its telemetry pg-boss does not give the column back: jobs run, and belong to themselves', async () => {
    expect(await featureOfHandler('telemetry_off', { enabled: false })).toBeUndefined();
    expect(currentCount(queueMetrics.jobDuration, { 'queue.name': 'telemetry_off', outcome: 'ok' })).toBe(1);
  });

  test('pg-boss is measured once, however often its classes are named', async () => {
    const [{ default: Manager }, { default: Telemetry }] = await Promise.all([import('pg-boss/dist/manager.js'), import('pg-boss/dist/telemetry.js')]);
    instrumentPgBoss({ Manager, Telemetry });
    await boss.createQueue('named-twice');
    await boss.send('named-twice', {});
    await boss.work('named-twice', POLL, async () => undefined);
    await waitFor(
      () => currentCount(queueMetrics.jobDuration, { 'queue.name': 'named-twice' }),
      (count) => count > 0,
    );
    expect(currentCount(queueMetrics.jobDuration, { 'queue.name': 'named-twice' })).toBe(1);
    expect(currentValue(queueMetrics.jobsEnqueued, { 'queue.name': 'named-twice' })).toBe(1);
  });
});
