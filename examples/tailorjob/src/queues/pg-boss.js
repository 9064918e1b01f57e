/** @type {Record<string, import('./open.js').Job['state']>} */
const STATES = { completed: 'done', failed: 'failed', cancelled: 'failed' };

/**
 * @param {typeof import('pg-boss')} library
 * @param {typeof import('@electric-sql/pglite')} databaseLibrary
 * @returns {Promise<import('./open.js').Queues>}
 */
export async function openPgBoss({ PgBoss, fromPglite }, { PGlite }) {
  const database = new PGlite();
  const boss = new PgBoss({ db: fromPglite(database), backend: 'pglite' });
  boss.on('error', (error) => console.error(`queue: ${error.message}`));
  await boss.start();

  /** @param {import('./open.js').JobDefinition} definition */
  async function open({ queue, attempts, concurrency }) {
    await boss.createQueue(queue, { retryLimit: attempts - 1, retryDelay: 0 });
    return {
      /** @param {object} data */
      async enqueue(data) {
        return String(await boss.send(queue, data));
      },
      /** @param {(data: any) => Promise<object>} handler */
      async work(handler) {
        await boss.work(queue, { pollingIntervalSeconds: 0.5, localConcurrency: concurrency }, async ([job]) => handler(job?.data));
      },
      /** @param {string} id */
      async find(id) {
        const [job] = await boss.findJobs(queue, { id });
        if (!job) throw new Error('no such job');
        const state = STATES[job.state] ?? 'pending';
        return { state, result: state === 'done' ? job.output : undefined };
      },
    };
  }

  return {
    open,
    async close() {
      await boss.stop({ graceful: true, timeout: 5000 });
      await database.close();
    },
  };
}
