import { once } from 'node:events';
import { createServer } from 'node:http';
import { freePorts } from '@tallyman/testkit';

const SCRAPE_MILLISECONDS = 1000;
/** It drops the path of the address that it is given. */
const WITHOUT_PATH = 'dd-trace';

/**
 * A local endpoint for each variant, of OTLP and of what peers send instead: answers 200, and looks for the names that prove that
 * something was measured, as it does in the pages of variants that are scraped. Names stand as they are in protobuf.
 */
export async function startSink() {
  const awaited = new Map();
  const look = (name, body) => {
    for (const metric of awaited.get(name) ?? []) if (body.includes(metric)) awaited.get(name).delete(metric);
  };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const name = decodeURIComponent(request.url.split('/')[1]);
      look(awaited.has(name) ? name : WITHOUT_PATH, Buffer.concat(chunks));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const { metrics: scrapedPort } = await freePorts('metrics');
  let isScraping = false;
  const url = ({ name }) => `http://127.0.0.1:${port}/${encodeURIComponent(name)}`;
  return {
    /** What an application of the variant needs to find its way here; peers have variables of their own. */
    environmentOf: (variant) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: url(variant),
      DD_TRACE_AGENT_URL: url(variant),
      ...(isScraping && variant.isScraped && { BENCH_METRICS_PORT: `${scrapedPort}` }),
    }),
    /** Scrapes the variants that are scraped, as Prometheus would; gives the function that ends this. */
    scrape(variants) {
      isScraping = true;
      const timers = variants
        .filter(({ isScraped }) => isScraped)
        .map(({ name }) =>
          setInterval(async () => {
            const response = await fetch(`http://127.0.0.1:${scrapedPort}/metrics`).catch(() => undefined);
            if (response?.ok) look(name, await response.text().catch(() => ''));
          }, SCRAPE_MILLISECONDS),
        );
      return () => {
        isScraping = false;
        for (const timer of timers) clearInterval(timer);
      };
    },
    /** Names what must arrive from the variant from now on; gives the set from which what arrives disappears. */
    expect({ name }, metrics) {
      awaited.set(name, new Set(metrics));
      return awaited.get(name);
    },
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
