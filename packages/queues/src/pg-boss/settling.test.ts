import { randomUUID } from 'node:crypto';
import { PGlite } from '@electric-sql/pglite';
import { queueMetrics } from '@tallyman/catalog';
import { installHook, runtime } from '@tallyman/core';
import { waitFor } from '@tallyman/testkit';
import { currentCount, currentValue } from '@tallyman/testkit/conformance/queues';
import type { JobResult, PgBoss } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adapter } from './index.ts';
import { type RunningBoss, startBoss } from './pg-boss.test.harness.ts';

const POLL = { pollingIntervalSeconds: 0.5 };
const TRANSACTIONAL = { ...POLL, transactional: true } as const;
/** The transaction cannot be committed after this. */
const BREAK_RULE = 'insert into child values (1)';

/** What `work` takes as a transaction. */
interface Transaction {
  readonly db: { executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> };
  commit(): Promise<unknown>;
  rollback(): Promise<unknown>;
}

describe('what pg-boss does with its jobs after their handler', () => {
  const database = new PGlite();
  let running: RunningBoss;
  let boss: PgBoss;
  let beforeRollback = (): void => undefined;
  let queues = 0;

  beforeAll(async () => {
    if (!runtime.adapters.has(adapter.name)) installHook([adapter]);
    const { fromPglite } = await import('pg-boss');
    await database.exec('create table parent (id int primary key); create table child (id int references parent deferrable initially deferred)');
    const connection = fromPglite(database);
    const db = {
      executeSql: connection.executeSql.bind(connection),
      async beginTransaction(): Promise<Transaction> {
        await database.exec('begin');
        return {
          db: { executeSql: (text, values) => connection.executeSql(text, values) },
          commit: () => database.exec('commit'),
          async rollback() {
            await database.exec('rollback');
            beforeRollback();
          },
        };
      },
    };
    // What it does by itself would be part of the transaction: a PGlite has one session.
    running = await startBoss(database, { db, supervise: false, schedule: false });
    boss = running.boss;
  });
  afterAll(async () => {
    await running.stop();
    await database.close();
  });

  const newQueue = async (options: object = {}) => {
    queues += 1;
    const name = `settling-${queues}`;
    await boss.createQueue(name, { retryLimit: 0, retryDelay: 0, ...options });
    return name;
  };
  const ended = (name: string) =>
    Object.fromEntries(
      ['ok', 'retry', 'error'].flatMap((outcome) => {
        const count = currentCount(queueMetrics.jobDuration, { 'queue.name': name, outcome });
        return count > 0 ? [[outcome, count]] : [];
      }),
    );
  const untilEnded = (name: string, count = 1) =>
    waitFor(
      () => currentCount(queueMetrics.jobDuration, { 'queue.name': name }),
      (seen) => seen === count,
    );
  const failures = (name: string) => currentValue(queueMetrics.failures, { 'queue.name': name });
  const statesOf = async (name: string) => (await boss.findJobs(name)).map(({ state }) => state);
  /** Resolves when the worker has done with the job that it is at. */
  const handled = async (name: string, began: Promise<unknown>) => {
    await began;
    await boss.offWork(name, { wait: true });
  };

  test('a job whose transaction is committed is done', async () => {
    const name = await newQueue();
    await boss.send(name, {});
    await boss.work(name, TRANSACTIONAL, async () => undefined);
    await untilEnded(name);
    expect([ended(name), await statesOf(name)]).toEqual([{ ok: 1 }, ['completed']]);
  });

  test('a job whose transaction cannot be committed has failed', async () => {
    const name = await newQueue({ retryLimit: 1 });
    await boss.send(name, {});
    await boss.work(name, TRANSACTIONAL, async (_jobs, transaction) => void (await transaction.executeSql(BREAK_RULE)));
    await untilEnded(name, 2);
    expect([ended(name), failures(name), await statesOf(name)]).toEqual([{ retry: 1, error: 1 }, 1, ['failed']]);
  });

  test('a job whose transaction cannot even be rolled back has failed', async () => {
    const name = await newQueue();
    beforeRollback = () => {
      throw new RangeError('no');
    };
    try {
      await boss.send(name, {});
      await boss.work(name, TRANSACTIONAL, async (_jobs, transaction) => void (await transaction.executeSql(BREAK_RULE)));
      await untilEnded(name);
    } finally {
      beforeRollback = () => undefined;
    }
    expect([ended(name), await statesOf(name)]).toEqual([{ error: 1 }, ['active']]);
    expect(currentValue(queueMetrics.failures, { 'queue.name': name, 'error.type': 'RangeError' })).toBe(1);
  });

  test('a job counts as its handler has settled it in the transaction', async () => {
    const [completing, failing] = [await newQueue(), await newQueue()];
    for (const name of [completing, failing]) {
      await boss.send(name, {});
      await boss.work(name, TRANSACTIONAL, async ([job], db) => {
        const id = job?.id ?? '';
        await (name === completing ? boss.complete(name, id, {}, { db }) : boss.fail(name, id, new RangeError('no'), { db }));
      });
      await untilEnded(name);
      await boss.offWork(name);
    }
    expect([ended(completing), await statesOf(completing)]).toEqual([{ ok: 1 }, ['completed']]);
    expect([ended(failing), await statesOf(failing)]).toEqual([{ error: 1 }, ['failed']]);
  });

  test('a job that its handler completes, and whose transaction is rolled back, has failed', async () => {
    const name = await newQueue();
    await boss.send(name, {});
    await boss.work(name, TRANSACTIONAL, async ([job], db) => {
      await boss.complete(name, job?.id ?? '', {}, { db });
      throw new RangeError('no');
    });
    await untilEnded(name);
    expect([ended(name), failures(name), await statesOf(name)]).toEqual([{ error: 1 }, 1, ['failed']]);
  });

  test('jobs of one id in two queues are two', async () => {
    const [first, second] = [await newQueue(), await newQueue()];
    const id = randomUUID();
    let release = (): void => undefined;
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    await boss.send(first, {}, { id });
    await boss.send(second, {}, { id });
    await boss.work(first, POLL, async () => {
      await both;
      throw new RangeError('no');
    });
    await boss.work(second, POLL, () => both);
    await waitFor(
      () => [first, second].map((name) => currentValue(queueMetrics.jobsActive, { 'queue.name': name })),
      ([one, other]) => one === 1 && other === 1,
    );
    release();
    await Promise.all([untilEnded(first), untilEnded(second)]);
    expect([ended(first), ended(second)]).toEqual([{ error: 1 }, { ok: 1 }]);
  });

  test.each(['returns', 'throws'])('a job that was cancelled before its handler %s is not measured', async (way) => {
    const name = await newQueue();
    const id = (await boss.send(name, {})) ?? '';
    const began = new Promise<void>((resolve) => {
      void boss.work(name, POLL, async () => {
        resolve();
        await boss.cancel(name, id);
        if (way === 'throws') throw new RangeError('no');
      });
    });
    await handled(name, began);
    expect([await statesOf(name), ended(name), failures(name)]).toEqual([['cancelled'], {}, 0]);
  });

  test('a batch whose results cannot be stored has failed, whatever they say', async () => {
    const name = await newQueue();
    await boss.insert(name, [{}, {}]);
    const output = {
      toJSON() {
        throw new TypeError('no');
      },
    };
    await boss.work(name, { ...POLL, batchSize: 2, perJobResults: true }, async (jobs) =>
      jobs.map(({ id }) => ({ id, status: 'completed', output }) as JobResult),
    );
    await untilEnded(name, 2);
    expect([ended(name), await statesOf(name)]).toEqual([{ error: 2 }, ['failed', 'failed']]);
  });
});
