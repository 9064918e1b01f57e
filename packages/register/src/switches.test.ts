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

/** Runs an application that uses openai, stripe, bullmq and pg-boss. */
async function useAll(env: Record<string, string>): Promise<RunningProcess> {
  const openai = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  const app = await runApp({ entry: fixture('entry.cjs'), preload, env: { ...capture.env, ...PATIENCE, OPENAI_BASE_URL: openai, ...env } });
  expect(await app.ended, app.stderr).toEqual({ code: 0, signal: null });
  return app;
}

const patched = (): unknown[] => [...new Set(capture.series(selfMetrics.patched.name, { outcome: 'ok' }).map(({ attributes }) => attributes.adapter))].sort();
const ALL = ['bullmq', 'openai', 'pg-boss', 'stripe'];

describe.each(ALL)('%s', (adapter) => {
  test('is off by OTEL_NODE_DISABLED_INSTRUMENTATIONS, and nothing else is', async () => {
    const app = await useAll({ OTEL_NODE_DISABLED_INSTRUMENTATIONS: adapter });
    expect(patched()).toEqual(ALL.filter((name) => name !== adapter));
    expect(capture.value(aiMetrics.calls.name, { outcome: 'ok' })).toBe(adapter === 'openai' ? undefined : 1);
    expect(capture.value(webhookMetrics.revenue.name) === undefined).toBe(adapter === 'stripe');
    expect(linesOf(app)).toEqual([]);
  });

  test('is on alone by OTEL_NODE_ENABLED_INSTRUMENTATIONS', async () => {
    await useAll({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: adapter });
    // The two queue libraries record nothing here, so that a process which uses them alone exports nothing.
    expect(patched()).toEqual(adapter === 'openai' || adapter === 'stripe' ? [adapter] : patched().length === 0 ? [] : [adapter]);
    expect(capture.value(aiMetrics.calls.name, { outcome: 'ok' })).toBe(adapter === 'openai' ? 1 : undefined);
  });
});

test('express is off by OTEL_NODE_DISABLED_INSTRUMENTATIONS', async () => {
  for (const [env, adapters] of [
    [{}, ['express']],
    [{ OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'express' }, []],
  ] as const) {
    const own = await captureOtlp();
    const { app, url } = await startApplication({ entry: fixture('routes.cjs'), env: { ...own.env, ...env } });
    await fetch(`${url}/route-1`);
    await app.stop();
    expect(own.value(httpMetrics.requestDuration.name)).toBe(1);
    expect(own.series(selfMetrics.patched.name).map(({ attributes }) => attributes.adapter)).toEqual(adapters);
    await own.close();
  }
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
