/** An application with a queue. Prints all that it can see of its jobs, and ends by itself; `bare`, hooked, or with its classes instrumented. */
import { readMetrics } from '@tallyman/core';
import { startDepth } from '../depth.ts';
import { runApplication } from './bullmq.test.application.ts';
import type { Bullmq } from './bullmq.test.harness.ts';
import { instrumentBullMQ } from './index.ts';

const [variant = '', folder = '', port, name = ''] = process.argv.slice(2);
if (variant !== 'bare') startDepth({ first: 20, interval: 20 });
if (variant === 'hooked') await import('./bullmq.test.hook.ts');
const library = (await import(folder)) as Bullmq;
if (variant === 'instrumented') instrumentBullMQ(library);
const seen = await runApplication(library, { host: '127.0.0.1', port: Number(port) }, name);
console.log(JSON.stringify(seen, null, 1));
console.error(`measured: ${readMetrics().some(({ metric }) => metric.name === 'queue.job.duration')}`);
