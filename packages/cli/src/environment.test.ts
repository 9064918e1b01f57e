import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { measuredEnvironment } from './environment.ts';

const endpoint = 'http://127.0.0.1:4318/v1/metrics';

test('a preload is found by Node whatever characters its path has, and before those that the user has', () => {
  const folder = mkdtempSync(join(tmpdir(), 'a "quoted" folder '));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [ours, theirs] = ['ours.cjs', 'theirs.cjs'].map((name) => join(folder, name)) as [string, string];
  for (const file of [ours, theirs]) writeFileSync(file, `console.log(${JSON.stringify(file)})`);
  const theirOptions = `--require ${JSON.stringify(theirs)}`;
  const env = measuredEnvironment({ ...process.env, NODE_OPTIONS: theirOptions }, endpoint, ours);
  expect(execFileSync(process.execPath, ['-e', ''], { env, encoding: 'utf8' })).toBe(`${ours}\n${theirs}\n`);
});

test('metrics come here as cumulative JSON every second, and nothing else is redirected', () => {
  const base = { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://elsewhere', OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://elsewhere', OTEL_METRICS_EXPORTER: 'none' };
  expect(measuredEnvironment(base, endpoint, '/preload.cjs')).toEqual({
    NODE_OPTIONS: '--require "/preload.cjs"',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://elsewhere',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'cumulative',
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    OTEL_METRIC_EXPORT_TIMEOUT: '1000',
  });
});

test.each([
  ['200', undefined, '200', '200'],
  ['60000', '30000', '1000', '1000'],
  ['nonsense', '-1', '1000', '1000'],
  [undefined, '300', '1000', '300'],
])('an interval of %s and a timeout of %s become %s and %s', (interval, timeout, ...expected) => {
  const env = measuredEnvironment({ OTEL_METRIC_EXPORT_INTERVAL: interval, OTEL_METRIC_EXPORT_TIMEOUT: timeout }, endpoint, '/preload.cjs');
  expect([env.OTEL_METRIC_EXPORT_INTERVAL, env.OTEL_METRIC_EXPORT_TIMEOUT]).toEqual(expected);
});
