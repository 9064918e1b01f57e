import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RunningPrometheus, requireServers, startPrometheus } from '@tallyman/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exposition } from '../testing/exposition.ts';
import { concrete, expressions } from './index.ts';

const servers = await requireServers('prometheus');

describe.skipIf(servers.missing)('a real Prometheus that has every series of the catalog', () => {
  let exporter: Server;
  let prometheus: RunningPrometheus;

  beforeAll(async () => {
    let scrapes = 0;
    exporter = createServer((_, response) => {
      scrapes++;
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(`${exposition(scrapes)}\n`);
    });
    await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
    prometheus = await startPrometheus({ targets: [`127.0.0.1:${(exporter.address() as AddressInfo).port}`] });
    await prometheus.until('count(rate(ai_calls_total[5m]))', ([sample]) => sample !== undefined);
  });

  afterAll(async () => {
    await prometheus?.stop();
    exporter?.close();
  });

  it.each(expressions().map((one) => [`${one.panel} ${one.refId}`, one.promql] as const))('answers "%s"', async (_, promql) => {
    const samples = await prometheus.query(concrete(promql, '5m'));
    expect(samples.length).toBeGreaterThan(0);
    for (const { value } of samples) expect(value).not.toBeNaN();
  });

  it('fills a row of the feature table for each feature, and only for those', async () => {
    const columns = expressions().filter(({ panel }) => panel.startsWith('Features'));
    for (const { promql } of columns) {
      const samples = await prometheus.query(concrete(promql, '5m'));
      expect(samples.map(({ labels }) => labels.feature).sort()).toEqual(['cv_parse', 'job_match']);
    }
  });

  it('names the service for the dashboard variable', async () => {
    expect(await prometheus.api('label/service/values', { 'match[]': 'process_memory_usage_bytes' })).toEqual(['synthetic']);
  });
});
