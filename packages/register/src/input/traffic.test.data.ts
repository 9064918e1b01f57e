/** Bytes that a client may send to an HTTP server. */
import { METHODS } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { hostileText } from './hostile.test.data.ts';

/** Bytes of a text as latin1, so that each code unit below 256 is sent as it is. */
const segment = fc.oneof(
  hostileText.map((text) => encodeURIComponent(text.slice(0, 200).toWellFormed())),
  fc.constantFrom(
    '%',
    '%zz',
    '%00',
    '%2e%2e',
    '..',
    '.',
    '\xff\xfe',
    '%ff',
    'a b',
    '?',
    '#',
    ';',
    '\\',
    '4711',
    'alice@example.com',
    '__proto__',
    ':id',
    '*',
    '{x}',
    '(a|b)',
  ),
);
const path = fc.oneof(
  fc
    .tuple(fc.constantFrom('/users/', '/api/acme/items/', '/api/', '/', '//', '/upload', '/hook', '/USERS/', '/users//', 'http://evil.example/users/'), segment)
    .map(([a, b]) => a + b),
  fc.constantFrom('*', '/', '//', '', '/upload', '/hook', '/api/t/items/i', `/users/${'x'.repeat(10_000)}`),
);
const header = fc.oneof(
  fc
    .tuple(fc.constantFrom('x-a', 'host', '__proto__', 'constructor', 'cookie', 'x-forwarded-for', 'stripe-signature', 'accept'), hostileText)
    .map(([name, value]) => `${name}: ${latin1(value)}`),
  fc.constantFrom(
    'x-fold: a\r\n b',
    'x: \xff\xfe',
    ': empty',
    'no colon',
    'x\0y: z',
    'Expect: 100-continue',
    'Expect: else',
    'Upgrade: websocket\r\nConnection: Upgrade',
    'TE: trailers',
    'Connection: keep-alive',
  ),
  fc.constantFrom(
    'Content-Length: 5',
    'Content-Length: 0',
    'Content-Length: -1',
    'Content-Length: 5\r\nContent-Length: 6',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: chunked, gzip',
    'Content-Length: 99999999999',
  ),
  fc.constantFrom(1000, 15_000, 20_000).map((length) => `x-long: ${'y'.repeat(length)}`),
  fc.constantFrom(150, 2500).map((count) => Array.from({ length: count }, (_, index) => `x-${index}: ${index}`).join('\r\n')),
);
const body = fc.constantFrom(
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  '5\r\nhel',
  'zz\r\n',
  '0\r\nx: y\r\n\r\n',
  'GET /users/2 HTTP/1.1\r\n\r\n',
  'x'.repeat(70_000),
);

const request = fc
  .tuple(
    fc.constantFrom(...METHODS, 'get', 'EVIL', '', 'G ET'),
    path,
    fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'http/1.1', ''),
    fc.array(header, { maxLength: 4 }),
    body,
  )
  .map(([method, target, version, headers, content]) => [`${method} ${target} ${version}`, 'Host: app', ...headers, '', content].join('\r\n'));
const honest = fc.constantFrom(
  'GET /users/1 HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
  'HEAD /users/1 HTTP/1.1\r\nHost: a\r\n\r\n',
);

/** A webhook delivery that nobody has signed, to a route that checks it, or to another. */
const forgery = fc
  .tuple(
    fc.constantFrom('/hook', '/hook', '/hook', '/upload', '/users/1', '/nowhere'),
    fc.oneof(
      hostileText.map(latin1),
      fc.constantFrom(`t=1,v1=${'0'.repeat(64)}`, `t=9999999999,v1=${'f'.repeat(64)}`, 't=1,v0=x', 't=,v1=', '__proto__=1', ''),
    ),
    fc.constantFrom(
      'Content-Length: 2\r\n\r\n{}',
      'Content-Length: 0\r\n\r\n',
      'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
      'Content-Length: 9\r\n\r\n{',
    ),
  )
  .map(([target, signature, rest]) => `POST ${target} HTTP/1.1\r\nHost: app\r\nStripe-Signature: ${signature}\r\n${rest}`);

/** What one connection sends: one request, or several without waiting. */
export const connection: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: request },
  { weight: 1, arbitrary: fc.array(forgery, { minLength: 1, maxLength: 3 }).map((all) => all.join('')) },
  { weight: 2, arbitrary: fc.array(fc.oneof(honest, honest, request), { minLength: 2, maxLength: 6 }).map((all) => all.join('')) },
  { weight: 1, arbitrary: hostileText.map(latin1) },
);

function latin1(text: string): string {
  return Buffer.from(text.slice(0, 3000))
    .toString('latin1')
    .replace(/[\r\n]/g, ' ');
}

/** None keeps its connection open once the client has said all; this is for a server that hangs. */
const PATIENCE_MS = 20_000;

/** Sends the bytes on a connection of their own, and resolves with all that comes back, without what differs from run to run. */
export function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const received: Buffer[] = [];
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(
        Buffer.concat(received)
          .toString('latin1')
          .replace(/^(Date|ETag): .*\r\n/gm, '')
          .replace(/ at .*/g, ''),
      );
    });
    socket.end(Buffer.from(bytes, 'latin1'));
  });
}
