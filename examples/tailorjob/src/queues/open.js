import { openBullmq } from './bullmq.js';
import { openPgBoss } from './pg-boss.js';

/**
 * What the application asks of a job queue, whichever library runs it.
 *
 * @typedef {object} JobQueue
 * @property {(data: object) => Promise<string>} enqueue Resolves with the job's id.
 * @property {(handler: (data: any) => Promise<object>) => Promise<void>} work Runs jobs in this process; what the handler resolves with is the job's result.
 * @property {(id: string) => Promise<Job>} find
 *
 * @typedef {{ state: 'pending' | 'done' | 'failed', result?: any }} Job
 *
 * @typedef {object} JobDefinition
 * @property {string} queue
 * @property {string} name The job's name within its queue, where the library has such names.
 * @property {number} attempts How often a job is tried before it has failed.
 * @property {number} concurrency Jobs that a process runs at a time.
 *
 * @typedef {{ open: (definition: JobDefinition) => Promise<JobQueue>, close: () => Promise<void> }} Queues
 *
 * @typedef {object} QueueLibrary The loaded modules: BullMQ alone, or pg-boss and PGlite.
 * @property {typeof import('bullmq')} [bullmq]
 * @property {typeof import('pg-boss')} [pgBoss]
 * @property {typeof import('@electric-sql/pglite')} [pglite]
 */

/**
 * Opens BullMQ on the Redis, or without one pg-boss on a PGlite in this process.
 *
 * @param {QueueLibrary} library
 * @param {string | undefined} redisUrl
 * @returns {Promise<Queues>}
 */
export async function openQueues({ bullmq, pgBoss, pglite }, redisUrl) {
  if (bullmq && redisUrl) return openBullmq(bullmq, redisUrl);
  if (pgBoss && pglite) return openPgBoss(pgBoss, pglite);
  throw new Error('no job queue: REDIS_URL is missing');
}
