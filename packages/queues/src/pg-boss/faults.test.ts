import { PGlite } from '@electric-sql/pglite';
import { queueMetrics } from '@tallyman/catalog';
import { withAttribution } from '@tallyman/core';
import { waitFor } from '@tallyman/testkit';
import { type Act, faultConformance, placesIn, settled } from '@tallyman/testkit/conformance/faults';
import type { JobResult, JobWithMetadata, PgBoss } from 'pg-boss';
import { afterAll, beforeAll, describe } from 'vitest';
import { startDepth } from '../depth.ts';
import { instrumentPgBoss } from './index.ts';
import { type RunningBoss, startBoss } from './pg-boss.test.harness.ts';

const POLL = { pollingIntervalSeconds: 0.5 };
const database = new PGlite();
const results = new Map<string, unknown>();
let running: RunningBoss;
let queues = 0;

/** All that the database tells of a queue's jobs, when none of them is open any more. */
async function jobsOf(boss: PgBoss, queue: string, count: number): Promise<unknown[]> {
  const found = await waitFor(
    () => boss.findJobs(queue) as Promise<JobWithMetadata<{ n?: unknown }>[]>,
    (jobs) => jobs.length === count && jobs.every(({ state }) => state === 'completed' || state === 'failed'),
    { interval: 20 },
  );
  return found.map(({ data, state, output, retryCount }) => JSON.stringify([data.n, state, output, retryCount]).replace(/"stack":"[^"]*"/g, '')).sort();
}

/** What applications do with pg-boss; waiting for its workers takes long, so each does much. */
const applications: Readonly<Record<string, (boss: PgBoss, queue: string) => Promise<unknown>>> = {
  'results for each job of a batch': async (boss, queue) => {
    await boss.insert(
      queue,
      ['completed', 'failed', 'forgotten'].map((n) => ({ data: { n } })),
    );
    await boss.work<{ n: string }>(queue, { ...POLL, batchSize: 10, perJobResults: true }, (async (batch: JobWithMetadata<{ n: string }>[]) =>
      batch.filter(({ data }) => data.n !== 'forgotten').map(({ id, data }) => ({ id, status: data.n, output: { n: data.n } }) as JobResult)) as never);
    const jobs = await jobsOf(boss, queue, 3);
    await boss.offWork(queue, { wait: false });
    return jobs;
  },
  'jobs that the application fetches itself': async (boss, queue) => {
    await boss.insert(queue, [{ data: { n: 'completed' } }, { data: { n: 'failed' } }]);
    const fetched = await boss.fetch<{ n: string }>(queue, { batchSize: 2 });
    for (const { id, data } of fetched) await (data.n === 'completed' ? boss.complete(queue, id, { done: true }) : boss.fail(queue, id, { done: false }));
    return jobsOf(boss, queue, 2);
  },
  'a flow': async (boss, queue) => {
    const flow = (boss as unknown as { flow?: (jobs: readonly object[]) => Promise<object> }).flow;
    return settled(async () => Object.keys((await flow?.call(boss, [{ ref: 'a', name: queue, data: {} }])) ?? {}).length);
  },
  'calls that pg-boss refuses': async (boss) => [
    await settled(() => boss.send('no such queue', {})),
    await settled(() => boss.insert('no such queue', [{}])),
    await settled(() => boss.send(undefined as never)),
    await settled(() => boss.work(undefined as never, undefined as never)),
  ],
  'jobs that succeed and fail': async (boss, queue) => {
    const seen: unknown[] = [];
    await withAttribution({ feature: 'cv_parse' }, () => boss.send(queue, { n: 'sent' }));
    await boss.insert(queue, [{ data: { n: 'inserted' } }, { data: { n: 'fails' } }]);
    const upserted = await boss.upsert(queue, { n: 'upserted' }, { singletonKey: 'one' } as never).catch((error) => [error.constructor.name]);
    const worker = await boss.work<{ n: string }, unknown>(queue, { ...POLL, batchSize: 1, localConcurrency: 5, includeMetadata: true }, async ([job]) => {
      if (job === undefined) throw new Error('no job');
      seen.push([job.data.n, job.retryCount, Object.keys(job).sort()]);
      if (job.data.n === 'fails') throw new RangeError(job.data.n);
      return { n: job.data.n };
    });
    const jobs = await jobsOf(boss, queue, Array.isArray(upserted) ? 3 : 4);
    await boss.offWork(queue, { wait: false });
    return [typeof worker, seen.map((one) => JSON.stringify(one)).sort(), jobs];
  },
  'a job that is tried again': async (boss, queue) => {
    await boss.send(queue, { n: 'fails once' }, { retryLimit: 1 });
    await boss.work<{ n: string }, unknown>(queue, { ...POLL, includeMetadata: true }, async ([job]) => {
      if (job?.retryCount === 0) throw new RangeError(job.data.n);
    });
    const jobs = await jobsOf(boss, queue, 1);
    await boss.offWork(queue, { wait: false });
    return jobs;
  },
};

const play = async (title: string): Promise<unknown> => {
  queues += 1;
  const queue = `faults-${queues}`;
  await running.boss.createQueue(queue, { retryLimit: 0, retryDelay: 0 });
  return JSON.parse(JSON.stringify(await applications[title]?.(running.boss, queue)).replaceAll(queue, 'queue'));
};

describe('pg-boss 12', () => {
  beforeAll(async () => {
    running = await startBoss(database);
    // Its classes are patched in place, so what they do bare is seen first.
    for (const title of Object.keys(applications)) results.set(title, await play(title));
    const [{ default: Manager }, { default: Telemetry }] = await Promise.all([import('pg-boss/dist/manager.js'), import('pg-boss/dist/telemetry.js')]);
    instrumentPgBoss({ Manager, Telemetry });
    startDepth({ first: 20, interval: 1000 });
    await running.stop();
    running = await startBoss(database);
  });
  afterAll(async () => {
    await running.stop();
    await database.close();
  });

  const acts = Object.keys(applications).map((title): [string, Act] => [title, (variant) => (variant === 'bare' ? results.get(title) : play(title))]);
  faultConformance({
    once: true,
    acts: Object.fromEntries(acts),
    background: ['queues.depth', 'queues.schedule', 'queues.watch', 'read'],
    instead: { 'queues.leave': [queueMetrics.jobsActive] },
    places: placesIn(new URL('.', import.meta.url)),
  });
});
