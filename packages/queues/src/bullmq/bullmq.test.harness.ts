import { fileURLToPath } from 'node:url';
import { installHook, runtime } from '@tallyman/core';
import { type RunningRedis, runApp, startRedis } from '@tallyman/testkit';
import type { QueueHarness, QueueUnderTest } from '@tallyman/testkit/conformance/queues';
import type { FlowProducer, Processor, Queue, Worker } from 'bullmq';
import { startDepth } from '../depth.ts';
import { adapter } from './index.ts';

/** BullMQ, as the types of its newest version tell; the tests use what all supported versions have. */
export type Bullmq = typeof import('bullmq');

/** Runs TypeScript sources, which Node 22 does only when it is told to. */
export const NODE_FLAGS = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];

/** A file beside this one. */
export const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The library of a folder in node_modules on a Redis of its own, for one test file. */
export class BullmqHarness implements QueueHarness {
  readonly system = 'bullmq';
  readonly type = 'parse';
  readonly tellsAge = true;
  readonly folder: string;
  readonly #load: () => unknown;
  #redis: RunningRedis | undefined;
  #library: Bullmq | undefined;
  readonly #opened: { close(): Promise<void> }[] = [];

  /** `load` gives the library; it is imported unless the test loads it in another way. */
  constructor(folder: string, load: () => unknown = () => import(folder)) {
    this.folder = folder;
    this.#load = load;
  }

  get redis(): RunningRedis {
    if (this.#redis === undefined) throw new Error('not started');
    return this.#redis;
  }

  get library(): Bullmq {
    if (this.#library === undefined) throw new Error('not started');
    return this.#library;
  }

  get connection(): { readonly host: string; readonly port: number } {
    return { host: this.redis.host, port: this.redis.port };
  }

  /** A queue that `closeAll` closes. */
  queue(name: string, options: object = {}): Queue {
    return this.#tracked(new this.library.Queue(name, { connection: this.connection, ...options }));
  }

  /** A worker that `closeAll` closes. */
  worker(name: string, processor: Processor | string | null, options: object = {}): Worker {
    return this.#tracked(new this.library.Worker(name, processor as Processor, { connection: this.connection, ...options }));
  }

  /** A producer of flows that `closeAll` closes. */
  flowProducer(): FlowProducer {
    return this.#tracked(new this.library.FlowProducer({ connection: this.connection }));
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((each) => each.close()));
  }

  #tracked<T extends { close(): Promise<void> }>(one: T): T {
    this.#opened.push(one);
    return one;
  }

  async start(): Promise<void> {
    startDepth({ first: 50, interval: 100, timeout: 1000 });
    if (!runtime.adapters.has(adapter.name)) installHook([adapter]);
    this.#redis = await startRedis();
    this.#library = (await this.#load()) as Bullmq;
  }

  async stop(): Promise<void> {
    await this.#redis?.stop();
  }

  async open(name: string): Promise<QueueUnderTest> {
    const { Queue, Worker } = this.library;
    const { connection, type } = this;
    const queue = new Queue(name, { connection });
    const opened: { close(): Promise<void> }[] = [queue];
    return {
      async add(data, { attempts = 1, delayMs = 0 } = {}) {
        await queue.add(type, data, { attempts, delay: delayMs });
      },
      async addMany(jobs) {
        await queue.addBulk(jobs.map((data) => ({ name: type, data })));
      },
      async work(handler, { concurrency = 1 } = {}) {
        const worker = new Worker(name, ((job: { data: Record<string, unknown> }) => handler(job.data)) as never, { connection, concurrency });
        opened.unshift(worker);
        await worker.waitUntilReady();
      },
      async close() {
        for (const each of opened.splice(0)) await each.close();
      },
    };
  }

  async workElsewhere(name: string): Promise<unknown> {
    const queue = await this.open(name);
    await queue.add({});
    await queue.close();
    const worker = await runApp({ nodeFlags: NODE_FLAGS, entry: beside('bullmq.test.worker.ts'), args: [this.folder, name, `${this.redis.port}`] });
    const { code } = await worker.ended;
    if (code !== 0) throw new Error(worker.stderr);
    return JSON.parse(worker.stdout);
  }
}
