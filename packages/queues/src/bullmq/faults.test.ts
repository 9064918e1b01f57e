import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { queueMetrics } from '@tallyman/catalog';
import { thenable } from '@tallyman/testkit';
import { faultConformance, placesIn } from '@tallyman/testkit/conformance/faults';
import type { Job, Processor } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDepth } from '../depth.ts';
import { runApplication } from './bullmq.test.application.ts';
import { type Bullmq, BullmqHarness, beside, NODE_FLAGS } from './bullmq.test.harness.ts';

const require = createRequire(import.meta.url);

/** A copy that no hook has seen; the next `require` loads another one. */
function bareCopy(folder: string): Bullmq {
  const bare = require(folder) as Bullmq;
  const root = dirname(require.resolve(folder));
  for (const file of Object.keys(require.cache)) if (file.startsWith(root)) delete require.cache[file];
  return bare;
}

const folders = ['bullmq', 'bullmq-5'];
const bare = new Map(folders.map((folder) => [folder, bareCopy(folder)]));
/** What is passed in the processes of sandboxed handlers. */
const SANDBOX = ['bullmq.sandbox', 'queues.inherit'];
/** Looks at the depth of queues. */
const background = ['queues.depth', 'queues.schedule', 'queues.watch', 'read'];

let queues = 0;

/** A queue with what is opened on it; everything is closed afterwards. */
async function withQueue<T>(harness: BullmqHarness, variant: 'bare' | 'measured', work: (queue: Opened) => Promise<T>): Promise<T> {
  queues += 1;
  const opened = new Opened(`faults-${queues}`, variant === 'bare' ? (bare.get(harness.folder) as Bullmq) : harness.library, harness.connection);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

class Opened {
  readonly name: string;
  readonly library: Bullmq;
  readonly connection: { readonly host: string; readonly port: number };
  readonly #opened: { close(): Promise<void> }[] = [];

  constructor(name: string, library: Bullmq, connection: Opened['connection']) {
    this.name = name;
    this.library = library;
    this.connection = connection;
  }

  queue(name = this.name) {
    return this.#tracked(new this.library.Queue(name, { connection: this.connection }));
  }

  flows() {
    return this.#tracked(new this.library.FlowProducer({ connection: this.connection }));
  }

  /** A worker, and what resolves when it has dealt with so many jobs for good. */
  worker(processor: Processor | string | null, jobs: number, options: object = {}, name = this.name) {
    const worker = this.#tracked(new this.library.Worker(name, processor as Processor, { connection: this.connection, ...options }));
    const ended: unknown[] = [];
    const done = new Promise<unknown[]>((resolve) => {
      const end = (what: string, job: Job | undefined, result: unknown) => {
        ended.push([what, job?.name, result]);
        if (ended.length === jobs) resolve(ended.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)));
      };
      worker.on('completed', (job, result) => end('completed', job, result));
      worker.on('failed', (job, error) => job?.finishedOn && end('failed', job, error.message));
    });
    return { worker, done };
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((one) => one.close()));
  }

  #tracked<T extends { close(): Promise<void> }>(one: T): T {
    this.#opened.push(one);
    return one;
  }
}

describe.each(folders)('%s', (folder) => {
  const harness = new BullmqHarness(folder, () => require(folder));
  beforeAll(async () => {
    await harness.start();
    startDepth({ first: 1, interval: 5 });
  });
  afterAll(() => harness.stop());

  faultConformance({
    background,
    once: folder !== 'bullmq',
    instead: { 'queues.leave': [queueMetrics.jobsActive] },
    places: [...placesIn(new URL('.', import.meta.url)), ...placesIn(new URL('..', import.meta.url), { deep: false })].filter(
      (where) => !SANDBOX.includes(where),
    ),
    acts: {
      'an application with jobs that succeed, fail, are tried again and are delayed': (variant) =>
        withQueue(harness, variant, ({ name, library, connection }) => runApplication(library, connection, name)),
      'a bulk': (variant) =>
        withQueue(harness, variant, async (opened) => {
          const jobs = [{ name: 'parse', data: { n: 1 } }, Object.freeze({ name: 'parse', data: { n: 2 }, opts: Object.freeze({ attempts: 2 }) })];
          const added = await opened.queue().addBulk(jobs);
          const { done } = opened.worker(async ({ data }) => data.n, 2, { concurrency: 2 });
          return [added.map(({ name, data, opts }) => [name, data, opts.attempts]), jobs, await done];
        }),
      'a flow': (variant) =>
        withQueue(harness, variant, async (opened) => {
          const child = { name: 'page', queueName: `${opened.name}-pages`, data: {} };
          const flows = opened.flows();
          const { job, children } = await flows.add({ name: 'cv', queueName: opened.name, data: {}, children: [child, child] });
          const bulk = await flows.addBulk([{ name: 'other', queueName: opened.name, data: {} }]);
          const pages = opened.worker(async () => 'page', 2, {}, `${opened.name}-pages`);
          const { done } = opened.worker(async () => 'cv', 2);
          return [job.name, children?.length, bulk.length, await pages.done, await done];
        }),
      'a scheduler': (variant) =>
        withQueue(harness, variant, async (opened) => {
          const job = await opened.queue().upsertJobScheduler('nightly', { every: 3_600_000 }, { name: 'report' });
          const { done } = opened.worker(async () => 'reported', 1);
          return [job?.name, await done];
        }),
      'jobs that the application fetches itself': (variant) =>
        withQueue(harness, variant, async (opened) => {
          await opened.queue().addBulk([
            { name: 'parse', data: {} },
            { name: 'parse', data: {} },
          ]);
          const { worker } = opened.worker(null, 0);
          const done = await worker.getNextJob('token');
          await done?.moveToCompleted('a result', 'token', false);
          const failing = await worker.getNextJob('token');
          await failing?.moveToFailed(new RangeError('no'), 'token', false);
          return [done?.returnvalue, failing?.failedReason, await failing?.getState()];
        }),
      'a concurrency that changes': (variant) =>
        withQueue(harness, variant, async (opened) => {
          const { worker, done } = opened.worker(async () => 'done', 1, { concurrency: 3 });
          worker.concurrency = 7;
          await opened.queue().add('parse', {});
          return [worker.concurrency, await done];
        }),
      'handlers that return what is no promise': (variant) =>
        withQueue(harness, variant, async (opened) => {
          let runs = 0;
          const builder = thenable(() => `run ${++runs}`);
          const { done } = opened.worker((({ name }: Job) => (name === 'builder' ? builder : 7)) as never, 2);
          const queue = opened.queue();
          await queue.add('builder', {});
          await queue.add('number', {});
          return [await done, runs];
        }),
    },
  });
});

test.each(SANDBOX.flatMap((where) => ['before', 'after'].map((when) => ({ where, when }))))(
  'a sandboxed handler runs whatever fails $when $where',
  async (fault) => {
    const harness = new BullmqHarness('bullmq', () => require('bullmq'));
    await harness.start();
    try {
      const failing = `
      const fault = ${JSON.stringify(fault)};
      globalThis[Symbol.for('tallyman.runtime.1')].guarded = (where, work) => {
        if (where !== fault.where) return work();
        if (fault.when === 'after') work();
        throw new Error('fault');
      };`;
      const execArgv = [...NODE_FLAGS, '--import', beside('bullmq.test.hook.ts'), '--import', `data:text/javascript,${encodeURIComponent(failing)}`];
      await withQueue(harness, 'measured', async (opened) => {
        const { done } = opened.worker(beside('bullmq.test.sandbox.ts'), 2, { workerForkOptions: { execArgv } });
        const queue = opened.queue();
        await queue.add('parse', {});
        await queue.add('parse', { fails: true });
        // Its result is the attribution that it ran in, which is what fails.
        expect((await done).map((one) => (one as unknown[])[0])).toEqual(['completed', 'failed']);
      });
    } finally {
      await harness.stop();
    }
  },
);
