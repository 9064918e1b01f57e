import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { aiMetrics, selfMetrics, webhookMetrics } from '@tallyman/catalog';
import { captureOtlp, nodeBinary, nodeVersions, type OtlpCapture, runApp } from '@tallyman/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const preload = fileURLToPath(new URL('../dist/preload.cjs', import.meta.url));
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const tsx = createRequire(import.meta.url).resolve('tsx');

/** The entry points and loaders that an application may have; Node strips types by itself from 22.18 and 23.6 on. */
const STARTS = [
  { name: 'CommonJS', entry: 'entry.cjs', flags: [] },
  { name: 'ES modules', entry: 'entry.mjs', flags: [] },
  { name: 'CommonJS under tsx', entry: 'entry.cjs', flags: ['--import', tsx] },
  { name: 'ES modules under tsx', entry: 'entry.mjs', flags: ['--import', tsx] },
  { name: 'TypeScript under tsx', entry: 'entry.ts', flags: ['--import', tsx] },
  { name: 'TypeScript by type stripping', entry: 'entry.ts', flags: ['--experimental-strip-types'] },
] as const;

let provider: Server;
let capture: OtlpCapture;

beforeAll(async () => {
  provider = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          id: 'chatcmpl-1',
          object: 'chat.completion',
          created: 1,
          model: 'gpt-5-2025-08-07',
          choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 12, completion_tokens: 8, total_tokens: 20 },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  capture = await captureOtlp();
});

afterAll(async () => {
  provider.close();
  await capture.close();
});

describe.each(nodeVersions)('Node %s', (version) => {
  test.each(STARTS)('measures openai, stripe, bullmq and pg-boss in $name', async ({ entry, flags }) => {
    const service = [version, entry, ...flags].join(' ');
    const app = await runApp({
      entry: fixture(entry),
      preload,
      nodePath: await nodeBinary(version),
      nodeFlags: [...flags],
      env: { ...capture.env, OTEL_SERVICE_NAME: service, OPENAI_BASE_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1` },
    });
    expect(await app.ended, app.stderr).toEqual({ code: 0, signal: null });
    expect(app.stdout.trim()).toBe('[20,"payment_intent.succeeded","function","function"]');
    expect(app.stderr).not.toContain('[tallyman]');
    const value = (metric: { readonly name: string }, attributes: Record<string, string>): number =>
      capture
        .series(metric.name, attributes)
        .filter((series) => series.resource['service.name'] === service)
        .reduce((sum, series) => sum + (series.value ?? 0), 0);
    expect(value(aiMetrics.calls, { outcome: 'ok', 'gen_ai.request.model': 'gpt-5' })).toBe(1);
    expect(value(aiMetrics.inputTokens, { 'gen_ai.response.model': 'gpt-5-2025-08-07' })).toBe(12);
    expect(value(webhookMetrics.revenue, { currency: 'usd' })).toBeCloseTo(10.99);
    for (const adapter of ['openai', 'stripe', 'bullmq', 'pg-boss']) {
      expect(value(selfMetrics.patched, { adapter, outcome: 'ok' }), adapter).toBeGreaterThanOrEqual(1);
    }
  });
});
