/** The queue workers alone, as a TypeScript process beside `TAILORJOB_WORKER=off node app.ts`; needs REDIS_URL. */
import * as bullmq from 'bullmq';
import OpenAI from 'openai';
import type { QueueLibrary } from './src/queues/open.js';
import { startWorker } from './src/start.js';

const queueLibrary: QueueLibrary = { bullmq };
await startWorker({ OpenAI, queueLibrary });
