'use strict';

/** The queue workers alone, as a CommonJS process beside `TAILORJOB_WORKER=off node app.cjs`; needs REDIS_URL. */
const bullmq = require('bullmq');
const OpenAI = require('openai');
const { startWorker } = require('./src/start.js');

startWorker({ OpenAI, queueLibrary: { bullmq } });
