/** TailorJob as a TypeScript application; its types are erasable, so Node runs it as it is. */
import express from 'express';
import OpenAI from 'openai';
import Stripe from 'stripe';
import type { QueueLibrary } from './src/queues/open.js';
import { startWeb } from './src/start.js';

async function loadQueueLibrary(redisUrl: string | undefined): Promise<QueueLibrary> {
  if (redisUrl) return { bullmq: await import('bullmq') };
  return { pgBoss: await import('pg-boss'), pglite: await import('@electric-sql/pglite') };
}

const queueLibrary = await loadQueueLibrary(process.env.REDIS_URL);
await startWeb({ express, OpenAI, Stripe, queueLibrary });
