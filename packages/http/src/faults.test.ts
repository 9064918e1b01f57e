import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, connect } from 'node:net';
import { dirname } from 'node:path';
import { httpMetrics } from '@tallyman/catalog';
import { installHook } from '@tallyman/core';
import { type Act, faultConformance, placesIn } from '@tallyman/testkit/conformance/faults';
import type Express from 'express';
import type { fastify as Fastify } from 'fastify';
import { beforeAll, describe } from 'vitest';
import { adapters, startHttp } from './index.ts';

const require = createRequire(import.meta.url);

/** The frameworks as the next `require` loads them. */
function load(): { express: typeof Express; fastify: typeof Fastify } {
  for (const name of ['express', 'router', 'fastify']) {
    const root = dirname(require.resolve(name));
    for (const file of Object.keys(require.cache)) if (file.startsWith(root)) delete require.cache[file];
  }
  return { express: require('express'), fastify: require('fastify').fastify };
}

const bare: RequestListener = (request, response) => {
  if (request.url === '/throw') response.destroy();
  else if (request.method === 'POST') request.pipe(response);
  else response.writeHead(request.url === '/same' ? 304 : 200, { 'X-Own': 'yes', 'Set-Cookie': ['a=1', 'b=2'] }).end('fine');
};

const applications: Readonly<Record<string, () => RequestListener | Promise<RequestListener>>> = {
  'node:http': () => bare,
  'node:http, a body read by events': () => (request, response) => {
    const events: string[] = [];
    request.on('data', (chunk: Buffer) => events.push(`data ${chunk.length}`));
    request.on('end', () => events.push('end'));
    request.on('close', () => events.push('close'));
    request.on('end', () => response.end(events.join()));
  },
  express: () => {
    const { express } = load();
    const application = express().set('env', 'test');
    const router = express.Router();
    router.get('/:id', (request, response) => void response.send(request.params.id));
    application.use(express.json());
    application.use('/items', router);
    application.get('/same', (_request, response) => void response.status(304).end());
    application.post('/echo', (request, response) => void response.json({ names: Object.keys(request.body) }));
    application.get('/throw', () => {
      throw new Error('thrown');
    });
    return application as unknown as RequestListener;
  },
  fastify: async () => {
    const instance = load().fastify();
    instance.get('/same', async (_request, reply) => reply.code(304).send());
    instance.post('/echo', async (request) => ({ names: Object.keys(request.body as object) }));
    instance.get('/items/:id', async (request) => (request.params as { id: string }).id);
    instance.get('/throw', async () => {
      throw new Error('thrown');
    });
    await instance.ready();
    return instance.routing;
  },
};

const body = JSON.stringify({ some: 'thing', text: 'é漢'.repeat(1000) });
const head = 'Host: a\r\nConnection: close\r\n';
const requests = [
  `GET /items/7 HTTP/1.1\r\n${head}\r\n`,
  `HEAD /items/7 HTTP/1.1\r\n${head}\r\n`,
  `GET /same HTTP/1.1\r\n${head}\r\n`,
  'GET /nowhere HTTP/1.0\r\n\r\n',
  `GET /throw HTTP/1.1\r\n${head}\r\n`,
  `GET /items/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /items/2 HTTP/1.1\r\n${head}\r\n`,
  `POST /echo HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  `POST /echo HTTP/1.1\r\n${head}Content-Type: application/json\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n`,
  `POST /echo HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 3\r\n\r\n{"a`,
];

function exchange(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setEncoding('latin1').on('data', (text) => {
      received += text;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received.replace(/^Date: .*\r\n/gim, '')));
  });
}

/** Every byte that the clients get, when all connections are closed. */
async function play(title: string): Promise<string[]> {
  const server = createServer(await applications[title]?.());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const responses: string[] = [];
  for (const request of requests) responses.push(await exchange((server.address() as AddressInfo).port, request));
  await new Promise((resolve) => server.close(resolve));
  return responses;
}

describe('a server', () => {
  const results = new Map<string, unknown>();
  beforeAll(async () => {
    // Requests are observed in the whole process, so what is seen without that is seen first.
    for (const title of Object.keys(applications)) results.set(title, await play(title));
    installHook(adapters);
    startHttp();
  });
  const acts = Object.keys(applications).map((title): [string, Act] => [title, (variant) => (variant === 'bare' ? results.get(title) : play(title))]);
  faultConformance({
    acts: Object.fromEntries(acts),
    unmet: { 'subscribers that throw': 'requests are published on no channel' },
    // Who is not told of a request's end goes on to count it as being served.
    instead: Object.fromEntries(['request.end', 'request.answered', 'request.closed'].map((where) => [where, [httpMetrics.activeRequests]])),
    places: [
      ...placesIn(new URL('.', import.meta.url)),
      ...placesIn(new URL('../../core/src/', import.meta.url)).filter((where) => where.startsWith('request.')),
    ],
  });
});
