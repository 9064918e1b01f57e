/** The queue workers alone, as a process of ES modules beside `TAILORJOB_WORKER=off node app.mjs`; needs REDIS_URL. */
import * as bullmq from 'bullmq';
import OpenAI from 'openai';
import { startWorker } from './src/start.js';

await startWorker({ OpenAI, queueLibrary: { bullmq } });
