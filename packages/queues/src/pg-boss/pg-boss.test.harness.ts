import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { installHook } from '@tallyman/core';
import { runApp } from '@tallyman/testkit';
import type { QueueHarness, QueueUnderTest } from '@tallyman/testkit/conformance/queues';
import type { PgBoss } from 'pg-boss';
import { startDepth } from '../depth.ts';
import { adapter } from './index.ts';

/** Runs TypeScript sources, which Node 22 does only when it is told to. */
const NODE_FLAGS = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];

/** A pg-boss with its database. */
export interface RunningBoss {
  readonly boss: PgBoss;
  stop(): Promise<void>;
}

/** pg-boss on a PGlite, in memory unless a folder is given; its monitor counts each second. */
export async function startBoss(folder?: string, options: object = {}): Promise<RunningBoss> {
  const { fromPglite, PgBoss } = await import('pg-boss');
  const database = new PGlite(folder);
  const boss = new PgBoss({ db: fromPglite(database), backend: 'pglite', monitorIntervalSeconds: 1, superviseIntervalSeconds: 1, ...options });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  return {
    boss,
    async stop() {
      await boss.stop({ graceful: true, timeout: 2000 });
      await database.close();
    },
  };
}

/** pg-boss, hooked before it is loaded, for one test file. */
export class PgBossHarness implements QueueHarness {
  readonly system = 'pg-boss';
  readonly type = 'default';
  readonly tellsAge = false;
  #running: RunningBoss | undefined;

  get boss(): PgBoss {
    if (this.#running === undefined) throw new Error('not started');
    return this.#running.boss;
  }

  async start(): Promise<void> {
    startDepth({ first: 50, interval: 100, timeout: 1000 });
    installHook([adapter]);
    this.#running = await startBoss();
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
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
      const { boss, stop } = await startBoss(folder);
      await boss.createQueue(name);
      await boss.send(name, {});
      await stop();
      const worker = await runApp({ nodeFlags: NODE_FLAGS, entry: fileURLToPath(new URL('pg-boss.test.worker.ts', import.meta.url)), args: [folder, name] });
      const { code } = await worker.ended;
      if (code !== 0) throw new Error(worker.stderr);
      return JSON.parse(worker.stdout);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
