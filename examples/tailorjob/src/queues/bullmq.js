/** Between the attempts of a job, in milliseconds. */
const RETRY_DELAY = 100;

/** @type {Record<string, import('./open.js').Job['state']>} */
const STATES = { completed: 'done', failed: 'failed' };

/**
 * @param {typeof import('bullmq')} library
 * @param {string} url
 * @returns {import('./open.js').Queues}
 */
export function openBullmq({ Queue, Worker }, url) {
  const connection = { url };
  /** @type {{ close(): Promise<void> }[]} */
  const opened = [];

  /** @param {import('./open.js').JobDefinition} definition */
  async function open({ queue: name, name: job, attempts, concurrency }) {
    const queue = new Queue(name, { connection });
    queue.on('error', logError);
    opened.push(queue);
    return {
      /** @param {object} data */
      async enqueue(data) {
        const { id } = await queue.add(job, data, { attempts, backoff: { type: 'fixed', delay: RETRY_DELAY } });
        return String(id);
      },
      /** @param {(data: any) => Promise<object>} handler */
      async work(handler) {
        const worker = new Worker(name, ({ data }) => handler(data), { connection, concurrency });
        worker.on('error', logError);
        opened.unshift(worker);
        await worker.waitUntilReady();
      },
      /** @param {string} id */
      async find(id) {
        const job = await queue.getJob(id);
        if (!job) throw new Error('no such job');
        const state = STATES[await job.getState()] ?? 'pending';
        return { state, result: state === 'done' ? (await queue.getJob(id))?.returnvalue : undefined };
      },
    };
  }

  return {
    open,
    async close() {
      for (const each of opened) await each.close();
    },
  };
}

/** @param {Error} error */
function logError(error) {
  console.error(`queue: ${error.message}`);
}
