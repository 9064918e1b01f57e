import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  aiMetrics,
  allMetrics,
  featureMetrics,
  httpMetrics,
  type MetricSpec,
  promLabel,
  promName,
  queueMetrics,
  selfMetrics,
  webhookMetrics,
} from '@tallyman/catalog';
import { freePorts, type RunningPrometheus, runApp, startPrometheus } from '@tallyman/testkit';
import { afterAll, expect, test } from 'vitest';
import { expectStored, findings, judges, type Line, parse, samplesOf, sum } from './judges.test.kit.ts';

const preload = fileURLToPath(new URL('../../dist/preload.cjs', import.meta.url));
const entry = fileURLToPath(new URL('../../fixtures/attacked.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tallyman-attack-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rounds of the attack before and after the heap is looked at: 400 records, 20 requests, 20 jobs, 20 features, two webhooks and an AI call each. */
const ROUNDS = Number(process.env.TALLYMAN_INPUT_ROUNDS ?? 250);
/** What the second half of the attack may add to the heap: sets that are bounded, but not yet full. */
const MAX_GROWTH_BYTES = 8e6;
/** As in packages/core/src/limits.ts. */
const MAX_SERIES = 2000;

interface Result {
  readonly before: number;
  readonly after: number;
  readonly counts: Readonly<Record<'ai' | 'features' | 'jobs' | 'logins' | 'webhooks' | 'requests', number>>;
}

/** Series that share what is beyond the bound: one for each combination of closed values, with and without each optional attribute. */
function overflowOf({ attributes }: MetricSpec): number {
  return Object.values(attributes).reduce((product, { values, optional }) => product * ((values?.length ?? 1) + (optional ? 1 : 0)), 1);
}

test.skipIf(judges.missing)('an attacker finds bounds everywhere: heap, series, log; what is honest stays exact', { timeout: 180_000 }, async () => {
  const configuration = join(folder, 'tallyman.config.cjs');
  writeFileSync(configuration, "module.exports = { user: (request) => request.headers['x-user'] };");
  const { web } = await freePorts('web');
  const env = {
    ...{ OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: `${web}`, OTEL_SERVICE_NAME: 'attacked' },
    TALLYMAN_CONFIG: configuration,
  };
  const app = await runApp({ entry, args: [`${ROUNDS}`], preload, nodeFlags: ['--expose-gc'], env });
  let prometheus: RunningPrometheus | undefined;
  try {
    const [, url = ''] = await app.ready(/result at (\S+)/, 150_000);
    const { before, after, counts } = (await (await fetch(url)).json()) as Result;
    const text = await (await fetch(`http://127.0.0.1:${web}/metrics`)).text();
    const lines = parse(text);
    process.stderr.write(`heap ${(before / 1e6).toFixed(1)} MB, after as much again ${(after / 1e6).toFixed(1)} MB; ${samplesOf(text).length} samples\n`);
    expect(after - before).toBeLessThan(MAX_GROWTH_BYTES);

    expectBounded(lines);
    expectExact(lines, counts);
    const capped = lines.filter(({ name }) => name === promName(selfMetrics.capped)).map(({ labels }) => `${labels.metric} ${labels.attribute}`);
    expect(capped).toEqual(
      expect.arrayContaining([
        ...['feature.usage feature', 'queue.failures queue.name', 'queue.failures error.type', 'queue.job.duration job.type', 'queue.job.duration *'],
        ...['ai.calls gen_ai.request.model', 'gen_ai.client.inference.duration gen_ai.response.model', 'webhook.received webhook.event_type'],
        ...['payment.revenue plan', 'payment.revenue currency', 'user.logins method'],
      ]),
    );
    expect(capped.filter((pair) => pair.startsWith('http.'))).toEqual([]);
    expect(await findings(text)).toEqual([]);
    // Only now, and not each second: a scrape of so many series takes a good part of the process's time.
    prometheus = await startPrometheus({ targets: [`127.0.0.1:${web}`], scrapeInterval: '5s' });
    await expectStored(prometheus, { [`127.0.0.1:${web}`]: samplesOf(text).length });
    const said = app.stderr.split('\n').filter((line) => line !== '');
    expect(said.filter((line) => line.startsWith('[tallyman] fault'))).toEqual([]);
    expect(said.length).toBeLessThan(10);
  } finally {
    await Promise.all([app.stop(), prometheus?.stop()]);
  }
});

function expectBounded(lines: readonly Line[]): void {
  for (const metric of allMetrics) {
    const name = `${promName(metric)}${metric.instrument === 'histogram' ? '_count' : ''}`;
    const series = lines.filter((line) => line.name === name);
    expect(series.length, name).toBeLessThanOrEqual(MAX_SERIES + overflowOf(metric));
    for (const [key, { cap, per, values }] of Object.entries(metric.attributes)) {
      const seen = (parent?: string): Set<string | undefined> =>
        new Set(series.filter(({ labels }) => per === undefined || labels[promLabel(per)] === parent).map(({ labels }) => labels[promLabel(key)]));
      const parents = per === undefined ? [undefined] : [...new Set(series.map(({ labels }) => labels[promLabel(per)]))];
      // With `_OTHER`, and series without the attribute.
      for (const parent of parents) expect(seen(parent).size, `${name} ${key} ${parent}`).toBeLessThanOrEqual((cap ?? values?.length ?? 0) + 2);
    }
  }
}

function expectExact(lines: readonly Line[], counts: Result['counts']): void {
  const honest = (metric: MetricSpec, labels: Readonly<Record<string, string>>, suffix = ''): number =>
    sum(
      lines.filter((line) => Object.entries(labels).every(([key, value]) => line.labels[promLabel(key)] === value)),
      metric,
      suffix,
    );
  const rounds = 1 + 2 * Math.ceil(ROUNDS / 10);
  expect(sum(lines, featureMetrics.usage)).toBe(counts.features);
  expect(honest(featureMetrics.usage, { feature: 'honest', outcome: 'ok' })).toBe(20 * rounds);
  expect(sum(lines, queueMetrics.jobDuration, '_count')).toBe(counts.jobs);
  expect(sum(lines, queueMetrics.failures)).toBe(counts.jobs);
  expect(honest(queueMetrics.failures, { 'queue.name': 'honest', 'error.type': 'E_HONEST' })).toBe(20 * rounds);
  expect(honest(queueMetrics.jobDuration, { 'queue.name': 'honest', 'job.type': 'parse' }, '_count')).toBe(20 * rounds);
  expect(sum(lines, aiMetrics.calls)).toBe(counts.ai);
  expect(honest(aiMetrics.calls, { 'gen_ai.request.model': 'honest' })).toBe(rounds);
  expect(honest(webhookMetrics.revenue, { plan: 'honest', currency: 'usd' })).toBeCloseTo(2 * rounds);
  // A quarter of the requests are forged deliveries.
  expect(sum(lines, webhookMetrics.received)).toBe(counts.webhooks + counts.requests / 4);
  expect(sum(lines, featureMetrics.userLogins)).toBe(counts.logins);
  expect(honest(featureMetrics.userLogins, { method: 'honest' })).toBe(400 * rounds);
  // And the one that asked for the result.
  expect(sum(lines, httpMetrics.requestDuration, '_count')).toBe(counts.requests + 1);
  expect(sum(lines, httpMetrics.activeRequests)).toBe(0);
}
