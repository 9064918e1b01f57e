import { aiMetrics, featureMetrics } from '@tallyman/catalog';
import { captureOtlp, type OtlpCapture, runApp } from '@tallyman/testkit';
import { CHAT_USAGE, type OpenAIProvider, startOpenAIProvider } from '@tallyman/testkit/providers/openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixture, preload } from '../application.test.kit.ts';

let provider: OpenAIProvider;
let capture: OtlpCapture;

beforeAll(async () => {
  provider = await startOpenAIProvider();
  capture = await captureOtlp();
});
afterAll(async () => {
  await provider.stop();
  await capture.close();
});

test.each([
  ['by itself', { code: 0, signal: null }],
  ['process.exit', { code: 0, signal: null }],
  ['an exception', { code: 1, signal: null }],
  ['SIGTERM', { code: null, signal: 'SIGTERM' }],
])('calls that wait to be recorded are delivered when the process ends: %s', async (how, end) => {
  const env = { ...capture.env, OTEL_SERVICE_NAME: how, OPENAI_BASE_URL: provider.url };
  const app = await runApp({ entry: fixture('several-calls.cjs'), args: [how], preload, env });
  expect(await app.ended, app.stderr).toEqual(end);
  const value = (metric: { readonly name: string }, attributes: Record<string, string>): number =>
    capture
      .series(metric.name, attributes)
      .filter((series) => series.resource['service.name'] === how)
      .reduce((sum, series) => sum + (series.value ?? 0), 0);
  expect(value(aiMetrics.calls, { outcome: 'ok' })).toBe(40);
  expect(value(aiMetrics.inputTokens, {})).toBe(40 * CHAT_USAGE.input);
  expect(value(featureMetrics.tokenSpend, { type: 'output' })).toBe(40 * CHAT_USAGE.output);
});
