import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, request as tlsRequest } from 'node:https';
import { connect } from 'node:net';
import { httpMetrics as metrics } from '@tallyman/catalog';
import { readMetrics } from '@tallyman/core';
import { waitFor } from '@tallyman/testkit';
import { beforeAll, expect, it } from 'vitest';
import { startHttp } from './index.ts';
import { measured, send, serve } from './serving.test.kit.ts';

beforeAll(startHttp);

function inFlight(): number {
  const points = readMetrics().find(({ metric }) => metric.name === metrics.activeRequests.name)?.points ?? [];
  return points.reduce((sum, { value }) => sum + value, 0);
}

/** Sends text over a connection of its own, and resolves with what came back as soon as it holds the awaited part; lines end with `\n`. */
async function exchange(url: string, text: string, awaited: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.write(text.replaceAll('\n', '\r\n'));
  const enough = await waitFor(
    () => received,
    (all) => all.includes(awaited),
    { interval: 1 },
  );
  socket.destroy();
  return enough;
}

it('over TLS is measured as https', async () => {
  // Without a certificate: both sides know a key.
  const tls = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;
  const key = Buffer.alloc(16);
  const server = createTlsServer({ ...tls, pskCallback: () => key }, (_request, response) => response.end('x')) as unknown as Server;
  const { port } = new URL(await serve(server));
  const recorded = await measured(1, () => {
    return new Promise((resolve, reject) => {
      const options = { ...tls, port, host: '127.0.0.1', agent: false, pskCallback: () => ({ identity: 'a', psk: key }), checkServerIdentity: () => undefined };
      tlsRequest(options as object, (response) => response.resume().on('end', resolve))
        .on('error', reject)
        .end();
    });
  });
  expect(recorded.series(metrics.requestDuration).map(({ attributes }) => attributes['url.scheme'])).toEqual(['https']);
  expect(inFlight()).toBe(0);
});

it('that becomes a WebSocket is neither measured nor in flight', async () => {
  const server = createServer((_request, response) => response.end());
  server.on('upgrade', (_request, socket) => {
    socket.on('end', () => socket.end()).resume();
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  const url = await serve(server);
  const recorded = await measured(1, async () => {
    await exchange(url, 'GET / HTTP/1.1\nHost: a\nConnection: Upgrade\nUpgrade: websocket\n\n', '101');
    await send(url);
  });
  expect(recorded.count(metrics.requestDuration)).toBe(1);
  expect(inFlight()).toBe(0);
});

it('that expects 100-continue gets it, and neither size counts it', async () => {
  const url = await serve((request, response) => {
    request.resume().on('end', () => {
      response.write('do');
      // In another turn: Node from 24.22 on makes one chunk of what is written in one.
      setImmediate(() => response.end('ne'));
    });
  });
  const recorded = await measured(1, async () => {
    const head = 'POST / HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 4\n\n';
    expect(await exchange(url, `${head}body`, '0\r\n\r\n')).toMatch(/^HTTP\/1\.1 100 Continue/);
  });
  expect(recorded.value(metrics.requestBodySize)).toBe(4);
  // Two chunks of two bytes: `2\r\ndo\r\n`, `2\r\nne\r\n`, `0\r\n\r\n`.
  expect(recorded.value(metrics.responseBodySize)).toBe(7 + 7 + 5);
});

it('that is pipelined has each request measured with its own status and size, whichever is ready first', async () => {
  const url = await serve((request, response) => {
    if (request.url === '/slow') setImmediate(() => response.end('x'.repeat(100)));
    else response.writeHead(201, { 'Content-Length': 10 }).end('y'.repeat(10));
  });
  const recorded = await measured(2, () => exchange(url, 'GET /slow HTTP/1.1\nHost: a\n\nGET /fast HTTP/1.1\nHost: a\n\n', 'y'.repeat(10)));
  expect(recorded.value(metrics.responseBodySize, { 'http.response.status_code': 200 })).toBe(100);
  expect(recorded.value(metrics.responseBodySize, { 'http.response.status_code': 201 })).toBe(10);
  expect(inFlight()).toBe(0);
});

it('whose handler throws is in flight until its connection closes, and was aborted', async () => {
  const url = await serve(() => {
    throw new Error('the handler');
  });
  const listeners = process.rawListeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
  const recorded = await measured(1, async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1').resume();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await thrown).toMatchObject({ message: 'the handler' });
    expect(inFlight()).toBe(1);
    socket.destroy();
  });
  for (const listener of listeners) process.on('uncaughtException', listener as NodeJS.UncaughtExceptionListener);
  expect(recorded.series(metrics.requestDuration)).toMatchObject([{ attributes: { 'error.type': 'aborted' }, count: 1 }]);
  expect(inFlight()).toBe(0);
});
