/** The real judges of what leaves the process: promtool, Prometheus, the collector. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, type MetricProducer } from '@opentelemetry/sdk-metrics';
import { allAliases, allMetrics, promName } from '@tallyman/catalog';
import { createMetricProducer } from '@tallyman/core';
import { type RunningPrometheus, requireServers, waitFor } from '@tallyman/testkit';
import { expect } from 'vitest';
import { CollectorNamesPrometheusReader } from '../prometheus-exporter.ts';

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

/** Waits until each target was scraped, and expects that every sample of it was stored. `counts` are the samples of each target's page. */
export async function expectStored(prometheus: RunningPrometheus, counts: Readonly<Record<string, number>>): Promise<void> {
  const of = (metric: string) => prometheus.query(`max by (instance) (last_over_time(${metric}{job="applications"}[1m]))`);
  const found = await waitFor(
    async () => {
      const [up, scraped, stored] = await Promise.all(['up', 'scrape_samples_scraped', 'scrape_samples_post_metric_relabeling'].map(of));
      return Object.fromEntries(
        Object.keys(counts).map((address) => {
          const value = (samples: typeof up) => samples?.find(({ labels }) => labels.instance === address)?.value;
          return [address, { up: value(up), scraped: value(scraped), stored: value(stored) }];
        }),
      );
    },
    (targets) => Object.values(targets).every(({ up }) => up !== undefined),
  );
  expect(found).toEqual(Object.fromEntries(Object.entries(counts).map(([address, count]) => [address, { up: 1, scraped: count, stored: count }])));
  const own = await (await fetch(`${prometheus.url}/metrics`)).text();
  for (const rejected of ['duplicate_timestamp', 'out_of_order', 'out_of_bounds'])
    expect(own).toMatch(new RegExp(`^prometheus_target_scrapes_sample_${rejected}_total 0$`, 'm'));
}
