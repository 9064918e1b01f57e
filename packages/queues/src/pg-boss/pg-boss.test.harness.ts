import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { installHook, runtime } from '@tallyman/core';
import { runApp } from '@tallyman/testkit';
import type { QueueHarness, QueueUnderTest } from '@tallyman/testkit/conformance/queues';
import type { PgBoss } from 'pg-boss';
import { startDepth } from '../depth.ts';
import { adapter } from './index.ts';

/** Runs TypeScript sources, which Node 22 does only when it is told to. */
const NODE_FLAGS = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];

/** A pg-boss that works. */
export interface RunningBoss {
  readonly boss: PgBoss;
  stop(): Promise<void>;
}

/** pg-boss on a PGlite; its monitor counts each second. */
export async function startBoss(database: PGlite, options: object = {}, library?: typeof import('pg-boss')): Promise<RunningBoss> {
  const { fromPglite, PgBoss } = library ?? (await import('pg-boss'));
  const boss = new PgBoss({ db: fromPglite(database), backend: 'pglite', monitorIntervalSeconds: 1, superviseIntervalSeconds: 1, ...options });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  return { boss, stop: () => boss.stop({ graceful: true, timeout: 2000 }) };
}

/** pg-boss, hooked before it is loaded, for one test file. */
export class PgBossHarness implements QueueHarness {
  readonly system = 'pg-boss';
  readonly type = 'default';
  readonly tellsAge = false;
  readonly database = new PGlite();
  #running: RunningBoss | undefined;

  get boss(): PgBoss {
    if (this.#running === undefined) throw new Error('not started');
    return this.#running.boss;
  }

  async start(): Promise<void> {
    startDepth({ first: 50, interval: 100, timeout: 1000 });
    if (!runtime.adapters.has(adapter.name)) installHook([adapter]);
    this.#running = await startBoss(this.database);
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    await this.database.close();
  }

  async open(name: string): Promise<QueueUnderTest> {
    const { boss } = this;
    await boss.createQueue(name, { retryLimit: 0, retryDelay: 0 });
    return {
      async add(data, { attempts, delayMs = 0 } = {}) {
        await boss.send(name, data, { startAfter: delayMs / 1000, ...(attempts !== undefined && { retryLimit: attempts - 1 }) });
      },
      async addMany(jobs) {
        await boss.insert(
          name,
          jobs.map((data) => ({ data })),
        );
      },
      async work(handler, { concurrency = 1 } = {}) {
        await boss.work(name, { pollingIntervalSeconds: 0.5, localConcurrency: concurrency }, ([job]) => handler(job?.data as never) as Promise<unknown>);
      },
      close: () => boss.offWork(name),
    };
  }

  async workElsewhere(name: string): Promise<unknown> {
    const folder = await mkdtemp(join(tmpdir(), 'tallyman-pglite-'));
    try {
      const database = new PGlite(folder);
      const { boss, stop } = await startBoss(database);
      await boss.createQueue(name);
      await boss.send(name, {});
      await stop();
      await database.close();
      const worker = await runApp({ nodeFlags: NODE_FLAGS, entry: fileURLToPath(new URL('pg-boss.test.worker.ts', import.meta.url)), args: [folder, name] });
      const { code } = await worker.ended;
      if (code !== 0) throw new Error(worker.stderr);
      return JSON.parse(worker.stdout);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
