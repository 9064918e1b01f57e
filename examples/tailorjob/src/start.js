import { createApp } from './app.js';
import { Assistant } from './assistant.js';
import { readConfiguration } from './configuration.js';
import { openJobs, workOnJobs } from './jobs.js';
import { openQueues } from './queues/open.js';

/**
 * The libraries as the entry point loaded them, in its own module system.
 *
 * @typedef {object} WorkerLibraries
 * @property {typeof import('openai').OpenAI} OpenAI
 * @property {import('./queues/open.js').QueueLibrary} queueLibrary
 *
 * @typedef {WorkerLibraries & { express: typeof import('express'), Stripe: typeof import('stripe').default }} WebLibraries
 */

/**
 * Serves the application, and works on its queues unless TAILORJOB_WORKER is `off`.
 *
 * @param {WebLibraries} libraries
 */
export async function startWeb({ express, OpenAI, Stripe, queueLibrary }) {
  const configuration = readConfiguration(process.env);
  const { apiKey, server: stripeServer } = configuration.stripe;
  const assistant = new Assistant(new OpenAI(configuration.openai));
  const stripe = new Stripe(apiKey, stripeServer);
  const queues = await openQueues(queueLibrary, configuration.redisUrl);
  const jobs = await openJobs(queues);
  if (configuration.worker) await workOnJobs(jobs, assistant);

  const app = createApp({ express, OpenAI, assistant, stripe, jobs, configuration });
  const server = app.listen(configuration.port, configuration.host, (error) => {
    if (error) throw error;
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    console.log(`tailorjob listening on http://${configuration.host}:${port}`);
  });
  onStop(async () => {
    await new Promise((resolve) => server.close(resolve));
    await queues.close();
  });
}

/**
 * Works on the queues only.
 *
 * @param {WorkerLibraries} libraries
 */
export async function startWorker({ OpenAI, queueLibrary }) {
  const configuration = readConfiguration(process.env);
  const queues = await openQueues(queueLibrary, configuration.redisUrl);
  await workOnJobs(await openJobs(queues), new Assistant(new OpenAI(configuration.openai)));
  console.log('tailorjob worker ready');
  onStop(() => queues.close());
}

/**
 * Closes once when asked to end; with nothing left to do the process then ends by itself.
 *
 * @param {() => Promise<void>} close
 */
function onStop(close) {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void close();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
