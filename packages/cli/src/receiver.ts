import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { LatestSeries, parseMetrics } from './otlp.ts';
import type { Series } from './series.ts';

/** An OTLP/HTTP receiver on loopback. */
export interface Receiver {
  /** Where metrics go, for `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`. */
  readonly endpoint: string;
  /** Number of metric exports that were understood. */
  readonly exports: number;
  /** Why exports were refused, each reason once. */
  readonly refusals: ReadonlySet<string>;
  /** All series as they stand. */
  series(): readonly Series[];
  /** Takes what has already been sent, then ends the server and its connections. */
  close(): Promise<void>;
}

const METRICS_PATH = '/v1/metrics';
/** What a sender that has just ended may still have on its way, in milliseconds. */
const LAST_WORDS = 50;
/** A sender that does not finish is left after this time, in milliseconds. */
const LONGEST_WAIT = 500;

/** Starts a receiver on a free loopback port, which does not keep the process alive. It reads OTLP's JSON form; other signals than metrics are accepted and dropped. */
export async function startReceiver(): Promise<Receiver> {
  const latest = new LatestSeries();
  const refusals = new Set<string>();
  let exports = 0;
  let unfinished = 0;

  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    unfinished += 1;
    try {
      const body = await readBody(request);
      if (request.url === METRICS_PATH) {
        latest.add(parseMetrics(parseJson(request, body)));
        exports += 1;
      }
      answer(response, 200, {});
    } catch (error) {
      const { message } = error as Error;
      refusals.add(message);
      answer(response, error instanceof UnreadableFormError ? 415 : 400, { message });
    } finally {
      unfinished -= 1;
    }
  };
  const server = createServer((request, response) => void receive(request, response));
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}${METRICS_PATH}`,
    refusals,
    get exports() {
      return exports;
    },
    series: () => latest.series(),
    async close() {
      for (let wait = 0; wait < LONGEST_WAIT && (wait === 0 || unfinished > 0); wait += LAST_WORDS) await delay(LAST_WORDS);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The request is OTLP, but not in JSON. */
class UnreadableFormError extends Error {}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

function parseJson(request: IncomingMessage, body: Buffer): unknown {
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('application/json')) throw new UnreadableFormError(`metrics came as "${type}": set OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/json`);
  return JSON.parse(body.toString());
}

function answer(response: ServerResponse, status: number, body: object): void {
  if (!response.writableEnded) response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
