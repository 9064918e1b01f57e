import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { HttpSender, type Outcome } from './http-sender.ts';
import { otlpPost } from './post.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/tls/${name}`, import.meta.url));
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that answers each connection's request, once all of it is there. */
function answering(answer: (socket: Socket, request: string) => void): Server {
  return createServer((socket) => receive(socket, answer));
}

function receive(socket: Socket, answer: (socket: Socket, request: string) => void): void {
  let request = '';
  socket.on('error', () => undefined);
  socket.setEncoding('latin1').on('data', (text) => {
    request += text;
    if (request.endsWith('body')) answer(socket, request);
  });
}

function sender(options: { timeoutMs?: number; tls?: Record<string, string> } = {}) {
  const sending = new Set<object>();
  const created = new HttpSender({ timeoutMs: 10_000, tls: {}, ...options }, sending);
  const send = (url: string, headers: Record<string, string> = {}): Promise<Outcome> => {
    const target = { url, protocol: 'http/protobuf', headers, isCompressed: false, timeoutMs: 0, tls: {} } as const;
    return new Promise((resolve) => created.send(otlpPost(target, Buffer.from('body')), resolve));
  };
  return { send, sending };
}

const failure = (code: string) => ({ code: 1, error: expect.objectContaining({ code }) });

test('a request is what HTTP/1.1 asks for, with the configured headers and the credentials of the address', async () => {
  let received = '';
  const port = await listen(
    answering((socket, request) => {
      received = request;
      socket.end(ok);
    }),
  );
  expect(await sender().send(`http://me:p%40ss@127.0.0.1:${port}/a%20b?key=1`, { 'X-Team': 'hiring' })).toEqual({ code: 0 });
  const [line, ...headers] = received.split('\r\n');
  expect(line).toBe('POST /a%20b?key=1 HTTP/1.1');
  expect(headers).toEqual([
    `host: 127.0.0.1:${port}`,
    expect.stringMatching(/^user-agent: Tallyman-OTLP-Exporter\/\d/),
    'content-type: application/x-protobuf',
    `authorization: Basic ${Buffer.from('me:p@ss').toString('base64')}`,
    'x-team: hiring',
    'content-length: 4',
    'connection: close',
    '',
    'body',
  ]);
});

test('an address of IPv6 is reached', async () => {
  const port = await listen(
    answering((socket) => socket.end(ok)),
    '::1',
  );
  expect(await sender().send(`http://[::1]:${port}/`)).toEqual({ code: 0 });
});

test.each([
  ['at once', ok, { code: 0 }],
  ['without a length', 'HTTP/1.1 202 Accepted\r\n\r\n', { code: 0 }],
  ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n', { code: 0 }],
  ['by HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\n', { code: 0 }],
  ['after announcements', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${ok}`, { code: 0 }],
  ['with a refusal after an announcement', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 Slow\r\n\r\n', failure('http_429')],
  ['with an error', 'HTTP/1.1 503 Away\r\nRetry-After: 1\r\n\r\n', failure('http_503')],
  ['with a redirection', 'HTTP/1.1 307 There\r\nLocation: /\r\n\r\n', failure('http_307')],
  ['with an announcement alone', 'HTTP/1.1 100 Continue\r\n\r\n', failure('ECONNRESET')],
  ['with announcements without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000), failure('ECONNRESET')],
  ['with nothing', '', failure('ECONNRESET')],
  ['in another protocol', `SSH-2.0-server\r\n${'x'.repeat(50_000)}`, failure('ECONNRESET')],
])('an answer %s has its outcome, whole and byte by byte', async (_how, answer, outcome) => {
  const whole = await listen(answering((socket) => socket.end(answer)));
  const slow = await listen(
    answering(async (socket) => {
      for (const byte of answer.slice(0, 200)) await new Promise<unknown>((resolve) => socket.write(byte, resolve));
      socket.end(answer.slice(200));
    }),
  );
  const { send, sending } = sender();
  expect(await send(`http://127.0.0.1:${whole}/`)).toEqual(outcome);
  expect(await send(`http://127.0.0.1:${slow}/`)).toEqual(outcome);
  expect(sending.size).toBe(0);
});

test('a collector that never answers fails after the time limit, and counts as being sent to until then', async () => {
  const { send, sending } = sender({ timeoutMs: 100 });
  let during = 0;
  const port = await listen(
    answering(() => {
      during = sending.size;
    }),
  );
  expect(await send(`http://127.0.0.1:${port}/`)).toEqual(failure('ETIMEDOUT'));
  expect([during, sending.size]).toEqual([1, 0]);
});

test('a collector that is away fails with the code of the connection', async () => {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  expect(await sender().send(`http://127.0.0.1:${port}/`)).toEqual(failure('ECONNREFUSED'));
});

test('over TLS the certificate is checked, and the session resumed', async () => {
  const cert = readFileSync(fixture('certificate.pem'));
  const resumed: boolean[] = [];
  const server = createTlsServer({ cert, key: readFileSync(fixture('key.pem')) }, (socket: TLSSocket) => {
    resumed.push(socket.isSessionReused());
    receive(socket, () => socket.end(ok));
  });
  const url = `https://127.0.0.1:${await listen(server)}/`;
  expect(await sender().send(url)).toEqual(failure('DEPTH_ZERO_SELF_SIGNED_CERT'));
  const trusting = sender({ tls: { ca: fixture('certificate.pem') } });
  expect(await trusting.send(url)).toEqual({ code: 0 });
  expect(await trusting.send(url)).toEqual({ code: 0 });
  expect(resumed.slice(-2)).toEqual([false, true]);
});
