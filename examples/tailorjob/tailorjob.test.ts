import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CALLS, costOf, DELIVERIES, REQUESTS } from './expected.mjs';
import { startProviders } from './providers/server.mjs';
import { countRequests, playScript } from './traffic/play.mjs';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const PATHS = {
  'chat.completions': '/v1/chat/completions',
  responses: '/v1/responses',
  embeddings: '/v1/embeddings',
  images: '/v1/images/generations',
};

let providers: Awaited<ReturnType<typeof startProviders>>;
let app: ChildProcess;
let url: string;

beforeAll(async () => {
  providers = await startProviders({ pace: 0 });
  const environment = { ...process.env, ...providers.environment, PORT: '0', REDIS_URL: '' };
  app = spawn(process.execPath, ['app.mjs'], { cwd: FOLDER, env: environment, stdio: ['ignore', 'pipe', 'ignore'] });
  url = await addressOf(app);
});

afterAll(async () => {
  if (app.exitCode === null) app.kill('SIGKILL');
  await providers.close();
});

test('the fixed script ends as expected, and the application by itself', async () => {
  const answered = await playScript({ app: url, providers: providers.url });

  const byTraffic = REQUESTS.filter(({ request }) => request !== 'POST /webhooks/stripe');
  expect(countRequests(answered)).toEqual(totals(byTraffic.map(({ request, status, count }) => [`${request} ${status}`, count])));
  expect(totals(providers.log.deliveries.map(({ type, status }) => [`${type} ${status}`, 1]))).toEqual(
    totals(DELIVERIES.map(({ type, status, count }) => [`${type} ${status}`, count])),
  );
  expect(totals(providers.log.ai.map(({ path, model }) => [`${path} ${model}`, 1]))).toEqual(
    totals(CALLS.map(({ api, model, httpRequests }) => [`${PATHS[api]} ${model}`, httpRequests])),
  );

  const account = answered.findLast(({ request }) => request === 'GET /api/account');
  const month = { amount: 2900, currency: 'usd' };
  expect(JSON.parse(account?.body ?? '')).toMatchObject({ plan: 'free', payments: [month, month], disputes: [month], failedPayments: 0 });

  app.kill('SIGTERM');
  expect(await once(app, 'exit')).toEqual([0, null]);
});

test('the expected costs are those of the price list', () => {
  const dollars = totals(CALLS.map((calls) => [calls.feature, sum(costOf(calls))]));
  expect(dollars.cv_parse).toBeCloseTo(6 * 0.021, 9);
  expect(dollars.job_match).toBeCloseTo(4 * 0.028642, 9);
  expect(dollars.cv_tailor).toBeCloseTo(4 * 0.042544, 9);
  expect(dollars.search).toBeCloseTo(3 * 0.0000008, 12);
  expect(dollars.image_generation).toBeCloseTo(2 * 0.04, 9);
});

async function addressOf(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no standard output');
  for await (const line of createInterface(child.stdout)) {
    const address = /listening on (\S+)/.exec(line)?.[1];
    if (address) return address;
  }
  throw new Error('the application ended');
}

function totals(entries: [string, number][]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const [key, value] of entries) result[key] = (result[key] ?? 0) + value;
  return result;
}

function sum(parts: Record<string, number>): number {
  return Object.values(parts).reduce((total, part) => total + part, 0);
}
