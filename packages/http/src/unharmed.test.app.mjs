// Serves the same with node:http, Express and Fastify, with this package or without it, and prints the bytes of each response.
import { createServer } from 'node:http';
import { connect } from 'node:net';

if (process.env.MEASURED === 'yes') {
  const { installHook } = await import('@tallyman/core');
  const { adapters, startHttp } = await import('@tallyman/http');
  installHook(adapters);
  startHttp();
}
const { default: express } = await import('express');
const { default: fastify } = await import('fastify');

function bare(request, response) {
  if (request.url === '/throw') return response.destroy();
  if (request.method !== 'POST') return response.writeHead(request.url === '/same' ? 304 : 200, { 'X-Own': 'yes', 'Set-Cookie': ['a=1', 'b=2'] }).end('fine');
  return request.pipe(response);
}

const application = express().set('env', 'test');
application.use(express.json());
application.get('/same', (_request, response) => response.status(304).end());
application.post('/echo', (request, response) => response.json({ names: Object.keys(request.body) }));
application.get('/items/:id', (request, response) => response.send(request.params.id));
application.get('/throw', () => {
  throw new Error('thrown');
});

const instance = fastify();
instance.get('/same', async (_request, reply) => reply.code(304).send());
instance.post('/echo', async (request) => ({ names: Object.keys(request.body) }));
instance.get('/items/:id', async (request) => request.params.id);
instance.get('/throw', async () => {
  throw new Error('thrown');
});
await instance.ready();

const body = JSON.stringify({ some: 'thing', text: 'é漢'.repeat(1000) });
const requests = [
  'GET /items/7 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'HEAD /items/7 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'GET /same HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'GET /nowhere HTTP/1.0\r\n\r\n',
  'GET /throw HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'GET /items/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /items/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  `POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  'POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n',
  'POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{"a',
];

function exchange(port, request) {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setEncoding('latin1').on('data', (text) => {
      received += text;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(received.replace(/^Date: .*\r\n/gim, '')));
  });
}

const printed = {};
for (const [name, listener] of Object.entries({ bare, express: application, fastify: instance.routing })) {
  const server = createServer(listener);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  printed[name] = [];
  for (const request of requests) printed[name].push(await exchange(server.address().port, request));
  server.close();
}
console.log(JSON.stringify(printed));
process.exit();
