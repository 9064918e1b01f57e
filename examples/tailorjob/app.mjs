/** TailorJob as an application of ES modules. */
import express from 'express';
import OpenAI from 'openai';
import Stripe from 'stripe';
import { startWeb } from './src/start.js';

const queueLibrary = process.env.REDIS_URL
  ? { bullmq: await import('bullmq') }
  : { pgBoss: await import('pg-boss'), pglite: await import('@electric-sql/pglite') };

await startWeb({ express, OpenAI, Stripe, queueLibrary });
