import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { allMetrics, promLabel, promName } from '@tallyman/catalog';
import { requireServers, startPrometheus, waitFor } from '@tallyman/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { prometheusSource } from './prometheus.ts';
import { recordedSeries } from './recorded.test.data.ts';
import type { Series } from './series.ts';
import { tableOf } from './table.ts';

const servers = await requireServers('prometheus');

/** A `/metrics` page, as the collector gives it of two processes of a service. */
function exposition(series: readonly Series[], service: string): string {
  return series
    .map(({ metric, attributes, value }, index) => {
      const labels = Object.entries(attributes).map(([key, text]) => `${promLabel(key)}=${JSON.stringify(text)}`);
      const declared = allMetrics.find(({ name }) => name === metric);
      return `${promName(declared ?? { name: metric, instrument: 'counter', unit: '' })}{${[...labels, `service=${JSON.stringify(service)}`, `instance="${index}"`].join()}} ${value}\n`;
    })
    .join('');
}

async function serve(page: string): Promise<{ address: string; url: string }> {
  const server = createServer((_request, response) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(page)).listen(
    0,
    '127.0.0.1',
  );
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { address, url: `http://${address}` };
}

describe.skipIf(servers.missing)('from a real Prometheus', () => {
  test('the table is the one that the applications exported, of all services or of one', async () => {
    const { address } = await serve(exposition(recordedSeries, 'tailorjob') + exposition(recordedSeries, 'other "one"'));
    const prometheus = await startPrometheus({ targets: [address] });
    onTestFinished(() => prometheus.stop());
    const ofOne = prometheusSource({ url: prometheus.url, service: 'other "one"' });
    await waitFor(ofOne, (series) => series.length > 0);
    expect(tableOf(await ofOne())).toEqual(tableOf(recordedSeries));
    const ofAll = tableOf(await prometheusSource({ url: `${prometheus.url}/` })());
    expect(ofAll.total).toMatchObject({ uses: 290, aiCalls: 324, tokens: 249_000 });
  });
});

test('a Prometheus that is not there is named, with what to give', async () => {
  const { url } = await serve('<html>');
  await expect(prometheusSource({ url })()).rejects.toThrow(/^http:\/\/127\.0\.0\.1:\d+ does not answer like Prometheus \(.+\): give the base/);
});

test('a refusal of Prometheus is passed on', async () => {
  const { url } = await serve('{"status":"error","error":"query processing would load too many samples"}');
  await expect(prometheusSource({ url })()).rejects.toThrow('refused the query: query processing would load too many samples');
});
