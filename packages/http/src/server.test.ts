import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { createRequire } from 'node:module';
import { httpMetrics as metrics } from '@tallyman/catalog';
import { installHook, runtime } from '@tallyman/core';
import { recordedBy, waitFor } from '@tallyman/testkit';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { adapters, startHttp } from './index.ts';
import { measured, send, serve } from './serving.test.kit.ts';

const require = createRequire(import.meta.url);
const all = Object.values(metrics);
const plain = { 'http.request.method': 'GET', 'url.scheme': 'http', 'http.response.status_code': 200, 'network.protocol.version': '1.1' };

it('measures nothing when http is false in the configuration', async () => {
  runtime.configuration = { http: false };
  startHttp();
  const url = await serve((_request, response) => response.end());
  const recorded = await measured(1, () => send(url));
  expect(all.flatMap((metric) => recorded.series(metric))).toEqual([]);
});

describe('a server', () => {
  beforeAll(() => {
    runtime.configuration = { http: { ignorePaths: ['/health', '/ready'] } };
    installHook(adapters);
    startHttp();
    startHttp();
  });

  it('of bare node:http: duration and both sizes, once, without a route', async () => {
    const url = await serve((request, response) => void request.resume().on('end', () => response.end('four')));
    const recorded = await measured(1, () => send(`${url}/things/42?secret=1`, { method: 'POST', body: 'twelve bytes' }));
    const attributes = { ...plain, 'http.request.method': 'POST' };
    expect(recorded.series(metrics.requestDuration)).toEqual([{ attributes, count: 1, value: expect.any(Number) }]);
    expect(recorded.series(metrics.requestBodySize)).toEqual([{ attributes, count: 1, value: 12 }]);
    expect(recorded.series(metrics.responseBodySize)).toEqual([{ attributes, count: 1, value: 4 }]);
    expect(recorded.series(metrics.activeRequests)).toEqual([{ attributes: { 'http.request.method': 'POST', 'url.scheme': 'http' }, count: 0, value: 0 }]);
  });

  it('counts a request as active while it is served', async () => {
    let answer: (() => unknown) | undefined;
    const url = await serve((_request, response) => {
      answer = () => response.end();
    });
    let sent: Promise<unknown> | undefined;
    const meanwhile = await recordedBy(async () => {
      sent = send(url);
      await waitFor(
        () => answer,
        (called) => called !== undefined,
      );
    });
    expect(meanwhile.value(metrics.activeRequests, { 'http.request.method': 'GET' })).toBe(1);
    expect(meanwhile.series(metrics.requestDuration)).toEqual([]);
    const afterwards = await measured(1, () => {
      answer?.();
      return sent;
    });
    expect(afterwards.value(metrics.activeRequests, { 'http.request.method': 'GET' })).toBe(-1);
  });

  it('counts a request whose client leaves in the middle of the response as aborted, without a status', async () => {
    const url = await serve((_request, response) => void response.write('part'));
    const recorded = await measured(1, async () => {
      const leaving = new AbortController();
      const response = await fetch(url, { signal: leaving.signal });
      await response.body?.getReader().read();
      leaving.abort();
    });
    const { 'http.response.status_code': _status, ...known } = plain;
    expect(recorded.series(metrics.requestDuration)).toEqual([{ attributes: { ...known, 'error.type': 'aborted' }, count: 1, value: expect.any(Number) }]);
    expect(recorded.series(metrics.requestBodySize)).toEqual([{ attributes: known, count: 1, value: 0 }]);
    expect(recorded.series(metrics.responseBodySize)).toEqual([]);
    expect(recorded.value(metrics.activeRequests)).toBe(0);
  });

  it('records methods that the conventions do not know as _OTHER', async () => {
    const url = await serve((_request, response) => response.end());
    const recorded = await measured(2, async () => {
      await send(url, { method: 'PROPFIND' });
      await send(url, { method: 'MKCOL' });
    });
    expect(recorded.count(metrics.requestDuration, { 'http.request.method': '_OTHER' })).toBe(2);
    expect(recorded.value(metrics.activeRequests, { 'http.request.method': '_OTHER' })).toBe(0);
  });

  it('sends no body to HEAD and with 304, whatever length it announces', async () => {
    const url = await serve((request, response) => void response.writeHead(request.method === 'HEAD' ? 200 : 304, { 'Content-Length': 3000 }).end());
    const recorded = await measured(2, async () => {
      await send(url, { method: 'HEAD' });
      await send(url);
    });
    const sizes = recorded.series(metrics.responseBodySize);
    expect(sizes.map(({ attributes, count, value }) => [attributes['http.request.method'], attributes['http.response.status_code'], count, value])).toEqual([
      ['HEAD', 200, 1, 0],
      ['GET', 304, 1, 0],
    ]);
  });

  it('measures a chunked response by what was sent', async () => {
    const chunk = 'a'.repeat(20_000);
    const url = await serve((_request, response) => {
      response.write(chunk);
      response.write(chunk);
      response.end(chunk);
    });
    const recorded = await measured(1, () => send(url));
    const bytes = recorded.value(metrics.responseBodySize);
    expect(bytes).toBeGreaterThanOrEqual(60_000);
    expect(bytes).toBeLessThan(60_100);
  });

  it('measures an upload by what arrived, with a length or in chunks', async () => {
    const upload = Buffer.alloc(5_000_000, 'a');
    const url = await serve((request, response) => void request.resume().on('end', () => response.end()));
    const withLength = await measured(1, () => send(url, { method: 'PUT', body: upload }));
    const body = new Blob([upload]).stream();
    const inChunks = await measured(1, () => send(url, { method: 'PUT', body, duplex: 'half' } as RequestInit));
    for (const recorded of [withLength, inChunks]) {
      expect([recorded.count(metrics.requestBodySize), recorded.value(metrics.requestBodySize)]).toEqual([1, 5_000_000]);
    }
  });

  it('leaves ignored paths out, with any query, also when they are aborted; not the paths beneath', async () => {
    const url = await serve((request, response) => {
      const path = request.url ?? '';
      request.url = '/rewritten';
      if (path === '/ready') response.destroy();
      else response.end();
    });
    const ignored = await measured(3, async () => {
      await send(`${url}/health`);
      await send(`${url}/health?verbose=1`);
      await send(`${url}/ready`).catch(() => {});
    });
    expect(all.flatMap((metric) => ignored.series(metric))).toEqual([]);
    const recorded = await measured(1, () => send(`${url}/health/deep`));
    expect(recorded.count(metrics.requestDuration)).toBe(1);
  });

  it('measures each request of a connection that is kept', async () => {
    const url = await serve((request, response) => void request.resume().on('end', () => response.end('x'.repeat(Number(request.headers['x-length'])))));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const ports = new Set<number | undefined>();
    const lengths = [10, 2000, 0, 7];
    const recorded = await measured(lengths.length, async () => {
      for (const length of lengths) {
        const call = httpRequest(url, { agent, method: 'POST', headers: { 'x-length': length } }).end('y'.repeat(length));
        const [response] = await once(call, 'response');
        ports.add(response.socket.localPort);
        await once(response.resume(), 'end');
      }
    });
    expect(ports.size).toBe(1);
    for (const metric of [metrics.requestBodySize, metrics.responseBodySize]) expect([recorded.count(metric), recorded.value(metric)]).toEqual([4, 2017]);
  });

  it('of Express 5: the route; none for what matches none; a handler that throws is a 500', async () => {
    const express = require('express') as typeof import('express');
    const app = express();
    app.set('env', 'test');
    app.use(
      '/api',
      express.Router().get('/users/:id', (_request, response) => void response.send('fine')),
    );
    app.get('/broken/:id', () => {
      throw new Error('of id 7');
    });
    const url = await serve(app as import('node:http').RequestListener);
    const recorded = await measured(3, async () => {
      for (const path of ['/api/users/7', '/none/7', '/broken/7']) await send(url + path);
    });
    expect(recorded.series(metrics.requestDuration)).toEqual([
      { attributes: { ...plain, 'http.route': '/api/users/:id' }, count: 1, value: expect.any(Number) },
      { attributes: { ...plain, 'http.response.status_code': 404 }, count: 1, value: expect.any(Number) },
      { attributes: { ...plain, 'http.response.status_code': 500, 'http.route': '/broken/:id', 'error.type': '500' }, count: 1, value: expect.any(Number) },
    ]);
    expect(recorded.series(metrics.responseBodySize).filter(({ attributes }) => 'error.type' in attributes)).toEqual([]);
  });

  it('of Fastify 5: the route', async () => {
    const app = (require('fastify') as typeof import('fastify')).default();
    onTestFinished(() => app.close());
    app.get('/jobs/:id', async () => 'fine');
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const recorded = await measured(1, () => send(`${url}/jobs/7`));
    expect(recorded.series(metrics.requestDuration)).toEqual([{ attributes: { ...plain, 'http.route': '/jobs/:id' }, count: 1, value: expect.any(Number) }]);
  });
});
