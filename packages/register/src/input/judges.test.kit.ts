/** The real judges of what leaves the process: promtool, Prometheus, the collector. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, type MetricProducer } from '@opentelemetry/sdk-metrics';
import { allAliases, allMetrics, type MetricSpec, promName } from '@tallyman/catalog';
import { createMetricProducer } from '@tallyman/core';
import { type RunningPrometheus, requireServers, waitFor } from '@tallyman/testkit';
import { expect } from 'vitest';
import { CollectorNamesPrometheusReader } from '../prometheus/exporter.ts';

/** The judges that are here. */
export const judges = await requireServers('otelcol', 'prometheus', 'promtool');

/** What promtool says of gauges that the guides call `*_total`; anything else is a fault. */
const ALLOWED: ReadonlySet<string> = new Set(
  [...allMetrics, ...allAliases]
    .filter((metric) => metric.instrument !== 'counter' && promName(metric).endsWith('_total'))
    .map((metric) => `${promName(metric)} non-counter metrics should not have "_total" suffix`),
);

/** A `/metrics` page of this process as the preload serves it. */
export interface Page {
  readonly address: string;
  readonly provider: MeterProvider;
  text(): Promise<string>;
  close(): Promise<void>;
}

/** Serves all cells of this process, and what is recorded through `provider`, as the service of these resource attributes. */
export async function servePage(attributes: Readonly<Record<string, string>>): Promise<Page> {
  const metricProducers = [createMetricProducer({ attributes: {} }, '0') as unknown as MetricProducer];
  const reader = new CollectorNamesPrometheusReader(metricProducers, async () => undefined);
  const provider = new MeterProvider({ resource: resourceFromAttributes(attributes), readers: [reader] });
  const server = createServer((_request, response) => {
    void reader.page().then((page) => response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8').end(page));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await provider.shutdown();
  };
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, provider, text: () => reader.page(), close };
}

/** What promtool finds in a page beyond what the guides' names demand; throws its words when it cannot read the page. */
export async function findings(page: string): Promise<string[]> {
  const child = spawn(judges.found.promtool?.path ?? 'promtool', ['check', 'metrics'], { stdio: ['pipe', 'ignore', 'pipe'] });
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  // It may stop reading at the first line that it cannot read.
  child.stdin.on('error', () => undefined).end(page);
  const code = await new Promise((resolve) => child.once('close', resolve));
  const lines = Buffer.concat(said).toString().split('\n').filter(Boolean);
  if (code !== 0 && code !== 3) throw new Error(lines.slice(0, 5).join('\n'));
  return lines.filter((line) => !ALLOWED.has(line));
}

/** The lines of a page that are samples. */
export function samplesOf(page: string): string[] {
  return page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** One sample of a page. */
export interface Line {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a page. */
export function parse(page: string): Line[] {
  return samplesOf(page).map((line) => {
    const [, name = '', labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/u.exec(line) ?? [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/gu)].map(([, key, text = '']) => [
      key,
      text.replace(/\\(.)/g, (_all, one) => (one === 'n' ? '\n' : one)),
    ]);
    return { name, labels: Object.fromEntries(pairs), value: Number(value) };
  });
}

/** The sum of a metric's samples over all its series. */
export function sum(lines: readonly Line[], metric: MetricSpec, suffix = ''): number {
  return lines.filter(({ name }) => name === `${promName(metric)}${suffix}`).reduce((total, { value }) => total + value, 0);
}

/** Waits until each target was scraped, and expects that every sample was stored. `counts` are the samples of each target's page, which may have grown since. */
export async function expectStored(prometheus: RunningPrometheus, counts: Readonly<Record<string, number>>): Promise<void> {
  const last = async (metric: string): Promise<Map<string | undefined, number>> => {
    const samples = await prometheus.query(`last_over_time(${metric}{job="applications"}[1m])`);
    return new Map(samples.map(({ labels, value }) => [labels.instance, value]));
  };
  await waitFor(
    async () => Promise.all([last('up'), last('scrape_samples_scraped'), last('scrape_samples_post_metric_relabeling')]),
    ([up, scraped, stored]) =>
      Object.entries(counts).every(([address, count]) => {
        const samples = scraped.get(address) ?? 0;
        return up.get(address) === 1 && samples >= count && stored.get(address) === samples;
      }),
    { timeout: 60_000, describe: (found) => `${JSON.stringify(counts)} samples; up, scraped, stored: ${JSON.stringify(found?.map((one) => [...one]))}` },
  );
  const own = await (await fetch(`${prometheus.url}/metrics`)).text();
  for (const rejected of ['duplicate_timestamp', 'out_of_order', 'out_of_bounds'])
    expect(own).toMatch(new RegExp(`^prometheus_target_scrapes_sample_${rejected}_total 0$`, 'm'));
}
