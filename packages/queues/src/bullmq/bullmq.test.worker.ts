/** Works on one job of a queue with the library as `require` gives it, prints the attribution in which it did, and ends by itself. */
import { createRequire } from 'node:module';
import { currentAttribution, installHook } from '@tallyman/core';
import type { Bullmq } from './bullmq.test.harness.ts';
import { adapter } from './index.ts';

const [folder = '', queue = '', port] = process.argv.slice(2);
installHook([adapter]);
const { Worker } = createRequire(import.meta.url)(folder) as Bullmq;
const worker = new Worker(queue, async () => console.log(JSON.stringify(currentAttribution())), { connection: { host: '127.0.0.1', port: Number(port) } });
worker.once('completed', () => void worker.close());
