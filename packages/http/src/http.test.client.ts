import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { httpMetrics } from '@tallyman/catalog';
import { readMetrics } from '@tallyman/core';
import { waitFor } from '@tallyman/testkit';

/** A server on a free port that ends with all its connections. */
export async function listen(listener: RequestListener | Server): Promise<{ server: Server; port: number; close: () => Promise<void> }> {
  const server = typeof listener === 'function' ? createServer(listener) : listener;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { server, port: (server.address() as AddressInfo).port, close };
}

/** Sends text over one connection and resolves with all that came back when `isEnough`; the connection is then destroyed. Lines end with `\n`. */
export async function exchange(port: number, text: string, isEnough: (received: string) => boolean): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk;
  });
  socket.on('error', () => {});
  socket.write(text.replaceAll('\n', '\r\n'));
  try {
    return await waitFor(
      () => received,
      (seen) => isEnough(seen) || socket.closed,
      { interval: 1 },
    );
  } finally {
    socket.destroy();
  }
}

/** Requests that were measured so far. */
export function measured(): number {
  return sum(httpMetrics.requestDuration.name, ({ count }) => count);
}

/** Requests in flight by the metric. */
export function inFlight(): number {
  return sum(httpMetrics.activeRequests.name, ({ value }) => value);
}

function sum(name: string, of: (point: { value: number; count: number }) => number): number {
  const reading = readMetrics().find(({ metric }) => metric.name === name);
  return (reading?.points ?? []).reduce((total, point) => total + of(point), 0);
}
