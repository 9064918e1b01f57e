import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { aiMetrics, httpMetrics, selfMetrics, webhookMetrics } from '@tallyman/catalog';
import { captureOtlp, type OtlpCapture, type RunningProcess, runApp } from '@tallyman/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fixture, linesOf, PATIENCE, preload, startApplication } from './application.test.kit.ts';

/** Answers every chat completion the same, as OpenAI does. */
const provider = createServer((request, response) => {
  request.resume().on('end', () => {
    const usage = { prompt_tokens: 12, completion_tokens: 8, total_tokens: 20 };
    const choices = [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-5-2025-08-07', choices, usage }));
  });
});
let capture: OtlpCapture;
beforeAll(() => new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve)));
afterAll(() => void provider.close());
beforeEach(async () => {
  capture = await captureOtlp();
});
afterEach(() => capture.close());

/** Runs an application that loads every library that is patched, and uses openai and stripe. */
async function useAll(env: Record<string, string>): Promise<RunningProcess> {
  const openai = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  const app = await runApp({ entry: fixture('adapters.cjs'), preload, env: { ...capture.env, ...PATIENCE, OPENAI_BASE_URL: openai, ...env } });
  expect(await app.ended, app.stderr).toEqual({ code: 0, signal: null });
  return app;
}

const patched = (): unknown[] => [...new Set(capture.series(selfMetrics.patched.name, { outcome: 'ok' }).map(({ attributes }) => attributes.adapter))].sort();
const ALL = ['bullmq', 'express', 'openai', 'pg-boss', 'stripe'];

describe.each(ALL)('%s', (adapter) => {
  test('is off by OTEL_NODE_DISABLED_INSTRUMENTATIONS, and nothing else is', async () => {
    const app = await useAll({ OTEL_NODE_DISABLED_INSTRUMENTATIONS: adapter });
    expect(patched()).toEqual(ALL.filter((name) => name !== adapter));
    expect(capture.value(aiMetrics.calls.name, { outcome: 'ok' })).toBe(adapter === 'openai' ? undefined : 1);
    expect(capture.value(webhookMetrics.revenue.name) === undefined).toBe(adapter === 'stripe');
    expect(linesOf(app)).toEqual([]);
  });

  test('is on alone by OTEL_NODE_ENABLED_INSTRUMENTATIONS', async () => {
    // A process that records nothing exports nothing, unless all is exported from the start.
    await useAll({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: adapter, TALLYMAN_CONFIG: fixture('export-app-metrics.json') });
    expect(patched()).toEqual([adapter]);
    expect(capture.value(aiMetrics.calls.name, { outcome: 'ok' })).toBe(adapter === 'openai' ? 1 : undefined);
  });
});

test('requests are measured without express as with it', async () => {
  const { app, url } = await startApplication({ entry: fixture('routes.cjs'), env: { ...capture.env, OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'express' } });
  await fetch(`${url}/route-1`);
  await app.stop();
  expect(capture.value(httpMetrics.requestDuration.name)).toBe(1);
  expect(patched()).toEqual([]);
});

describe('fastify', () => {
  /** Fastify announces itself, so that it is not patched: its adapter tells the route. */
  const routeWith = async (env: Record<string, string>): Promise<unknown> => {
    const app = await runApp({ entry: fixture('announced.cjs'), preload, env: { ...capture.env, ...PATIENCE, ...env } });
    expect(await app.ended).toEqual({ code: 0, signal: null });
    expect(capture.value(httpMetrics.requestDuration.name)).toBe(1);
    return capture.series(httpMetrics.requestDuration.name)[0]?.attributes['http.route'];
  };

  test.each([{}, { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,fastify' }])('is on: %o', async (env) => {
    expect(await routeWith(env as Record<string, string>)).toBe('/users/:id');
  });

  test.each([{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http' }, { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'fastify' }])(
    'is off, and requests are measured all the same: %o',
    async (env) => {
      expect(await routeWith(env as Record<string, string>)).toBeUndefined();
    },
  );
});

test.each([
  ['error', 1],
  ['warn', 1],
  ['none', 0],
])('OTEL_LOG_LEVEL=%s: a price file that cannot be read is an error', async (level, said) => {
  const app = await useAll({ OTEL_LOG_LEVEL: level, TALLYMAN_CONFIG: fixture('absent-prices.json') });
  expect(linesOf(app).filter((line) => line.includes('absent.json: the price file'))).toHaveLength(said);
  expect(linesOf(app)).toHaveLength(said);
});

test('TALLYMAN_TRACK=1 writes a line for a real call, a real delivery and a real payment', async () => {
  const app = await useAll({ TALLYMAN_TRACK: '1' });
  expect(linesOf(app)).toEqual([
    expect.stringMatching(
      /^\[tallyman\] track ai\.call operation=chat provider=openai model=gpt-5 served=gpt-5-2025-08-07 outcome=ok seconds=[\d.]+ input=12 output=8 usd=0\.\d+ price=table$/,
    ),
    '[tallyman] track webhook.delivery provider=stripe type=payment_intent.succeeded outcome=accepted verification=sdk seconds=0',
    '[tallyman] track payment kind=conversion provider=stripe method=card plan=unknown amount=10.99 currency=usd',
  ]);
});
