// A producer and a worker of BullMQ in one process: `queue.cjs REDIS_PORT`.
require('./sized.cjs');
const { Queue, Worker } = require('bullmq');
const { answer, measured } = require('./answer.mjs');
const { offered } = require('./offered.cjs');

const BATCH = 250;
const name = `bench-${process.pid}`;
const connection = { host: '127.0.0.1', port: Number(process.argv[2]), maxRetriesPerRequest: null };
const defaultJobOptions = { removeOnComplete: true, removeOnFail: true };
const telemetry = offered('telemetry');
const queue = new Queue(name, { connection, defaultJobOptions, telemetry });
const worker = new Worker(name, async () => {}, { connection, concurrency: 20, telemetry });

async function work(jobs) {
  let left = jobs;
  const { promise, resolve, reject } = Promise.withResolvers();
  const onCompleted = () => {
    if (--left === 0) resolve();
  };
  worker.on('completed', onCompleted).once('failed', reject);
  for (let added = 0; added < jobs; added += BATCH) {
    await queue.addBulk(Array.from({ length: BATCH }, (_, number) => ({ name: 'parse', data: { cv: added + number } })));
  }
  await promise;
  worker.off('completed', onCompleted).off('failed', reject);
}

worker.waitUntilReady().then(() => answer({ work: async (jobs) => ({ ...(await measured(() => work(jobs))), jobs }) }));
