import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { currentRequest, observeRequests, onRequestEnd, onRequestStart, type RequestEnd, type RequestRecord } from './request.ts';

let server: Server;
let started: RequestRecord[];
let ended: { record: RequestRecord; end: RequestEnd }[];
let unsubscribe: (() => void)[];

beforeEach(() => {
  [started, ended] = [[], []];
  unsubscribe = [onRequestStart((record) => void started.push(record)), onRequestEnd((record, end) => void ended.push({ record, end }))];
});

afterEach(async () => {
  for (const end of unsubscribe) end();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function serve(listener: RequestListener): Promise<number> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function eventually(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('not within 10 s');
    await immediate();
  }
}

/** A connection that collects what it receives as text. */
function dial(port: number): Socket & { received: string } {
  const socket = Object.assign(connect(port, '127.0.0.1'), { received: '' });
  socket.setEncoding('latin1').on('data', (text: string) => {
    socket.received += text;
  });
  socket.on('error', () => {});
  return socket;
}

async function exchange(port: number, head: string, body: string | Buffer = '', responses = 1): Promise<string> {
  const socket = dial(port);
  socket.write(head.replaceAll('\n', '\r\n'));
  socket.write(body);
  await eventually(() => ended.length >= responses && socket.received !== '');
  socket.destroy();
  return socket.received;
}

const id = (request: IncomingMessage) => request.headers['x-id'];

describe('a request', () => {
  test('is seen at its start and its end, with method, status, duration and sizes', async () => {
    const port = await serve((request, response) => {
      request.resume().on('end', () => {
        response.statusCode = 201;
        response.end('created');
      });
    });
    await fetch(`http://127.0.0.1:${port}/things?a=1`, { method: 'POST', body: 'twelve bytes' });
    expect(started).toHaveLength(1);
    expect(ended).toHaveLength(1);
    const { record, end } = ended[0] as (typeof ended)[0];
    expect(record).toBe(started[0]);
    expect(record.method).toBe('POST');
    expect(record.route).toBeUndefined();
    expect(record.id).toMatch(/^[a-z0-9]+-\d+$/);
    expect(end).toMatchObject({ statusCode: 201, aborted: false, requestBodyBytes: 12, responseBodyBytes: 7 });
    expect(end.durationSeconds).toBeGreaterThan(0);
    expect(end.durationSeconds).toBeLessThan(10);
  });

  test('is observed once, however often it is asked for', async () => {
    observeRequests();
    observeRequests();
    const port = await serve((_request, response) => response.end('x'));
    await (await fetch(`http://127.0.0.1:${port}`)).text();
    expect([started.length, ended.length]).toEqual([1, 1]);
  });

  test('whose listeners throw is served as ever, and the others are told', async () => {
    unsubscribe.push(
      onRequestStart(() => {
        throw new Error('ours');
      }),
      onRequestEnd(() => {
        throw new Error('ours');
      }),
      onRequestEnd((record, end) => void ended.push({ record, end })),
    );
    const port = await serve((_request, response) => response.end('fine'));
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('fine');
    await eventually(() => ended.length === 2);
  });

  test('that Node answers itself is seen: no Host, too many on one connection', async () => {
    const port = await serve((_request, response) => response.end());
    server.maxRequestsPerSocket = 1;
    await exchange(port, 'GET / HTTP/1.1\n\n');
    await exchange(port, 'GET / HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\nHost: a\n\n', '', 3);
    expect(ended.map(({ end }) => end.statusCode)).toEqual([400, 200, 503]);
  });

  test('that becomes another protocol is not in flight afterwards', async () => {
    const port = await serve((_request, response) => response.end());
    server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n').resume());
    server.on('connect', (_request, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n').resume());
    for (const head of ['GET / HTTP/1.1\nHost: a\nConnection: Upgrade\nUpgrade: echo\n\n', 'CONNECT a:1 HTTP/1.1\nHost: a\n\n']) {
      const socket = dial(port);
      socket.write(head.replaceAll('\n', '\r\n'));
      await eventually(() => socket.received !== '');
      socket.destroy();
    }
    await exchange(port, 'GET / HTTP/1.1\nHost: a\nConnection: Upgrade\n\n');
    expect([started.length, ended.length]).toEqual([1, 1]);
  });
});

describe('a request that is not answered', () => {
  test('ends when the client leaves in the middle of its upload, with the bytes that arrived', async () => {
    let arrived = 0;
    const port = await serve((request) => {
      request.on('data', (chunk: Buffer) => {
        arrived += chunk.length;
      });
    });
    const socket = dial(port);
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n12345');
    await eventually(() => arrived === 5);
    socket.destroy();
    await eventually(() => ended.length > 0);
    expect(ended.map(({ end }) => end)).toEqual([
      { durationSeconds: expect.any(Number), statusCode: undefined, aborted: true, requestBodyBytes: 5, responseBodyBytes: undefined },
    ]);
  });

  test('ends once when the client leaves during the response, or the application destroys it', async () => {
    const port = await serve((request, response) => {
      response.write('part');
      if (request.url === '/destroy') response.destroy();
    });
    for (const path of ['/leave', '/destroy']) {
      ended = [];
      const socket = dial(port);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      if (path === '/leave') {
        await eventually(() => socket.received.includes('part'));
        socket.destroy();
      }
      await eventually(() => ended.length > 0);
      await immediate();
      expect(ended.map(({ end }) => end.aborted)).toEqual([true]);
    }
  });

  test('ends with its connection also when it waits behind another one', async () => {
    const port = await serve(() => {});
    const socket = dial(port);
    socket.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => started.length === 2);
    socket.destroy();
    await eventually(() => ended.length === 2);
    expect(ended.map(({ record }) => record)).toEqual(started);
  });
});

describe('the bytes of a response', () => {
  const body = 'a'.repeat(3000);
  const head = (version = '1.1', method = 'GET') => `${method} / HTTP/${version}\nHost: a\n\n`;

  /** In two turns: Node from 24.22 on makes one chunk of what is written in one. */
  const inTwoWrites: RequestListener = (_request, response) => {
    response.write(body);
    setImmediate(() => response.end(body));
  };

  const cases: { title: string; listener: RequestListener; head?: string; bytes: number }[] = [
    { title: 'of one write', listener: (_request, response) => response.end(body), bytes: 3000 },
    { title: 'with a length in setHeader', listener: (_request, response) => response.setHeader('Content-Length', 3000).end(body), bytes: 3000 },
    { title: 'with a length in writeHead', listener: (_request, response) => response.writeHead(200, { 'Content-Length': 3000 }).end(body), bytes: 3000 },
    { title: 'without a body', listener: (_request, response) => response.writeHead(204).end(), bytes: 0 },
    { title: 'not modified', listener: (_request, response) => response.writeHead(304, { 'Content-Length': 3000 }).end(), bytes: 0 },
    { title: 'to HEAD', listener: (_request, response) => response.end(body), head: head('1.1', 'HEAD'), bytes: 0 },
    {
      title: 'to HTTP/1.0, ended by the connection',
      listener: inTwoWrites,
      head: head('1.0'),
      bytes: 6000,
    },
    // Two chunks: `bb8\r\n`, 3000 bytes, `\r\n`; then `0\r\n\r\n`.
    { title: 'in chunks, with their framing', listener: inTwoWrites, bytes: 2 * (5 + 3000 + 2) + 5 },
  ];

  test.each(cases)('$title', async ({ listener, head: text = head(), bytes }) => {
    const port = await serve(listener);
    await exchange(port, text);
    expect(ended[0]?.end.responseBodyBytes).toBe(bytes);
  });

  test('are each their own on a connection with several, interim responses left out', async () => {
    const port = await serve((request, response) => {
      response.write('x'.repeat(Number(request.url?.slice(1))));
      response.end();
    });
    const one = (size: number) => `POST /${size} HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 0\n\n`;
    await exchange(port, one(10) + one(9) + one(8), '', 3);
    expect(ended.map(({ end }) => end.responseBodyBytes)).toEqual([10 + 10, 10 + 9, 10 + 8]);
  });
});

describe("the bytes of a request's body", () => {
  test('are those of its payload when it is chunked', async () => {
    const port = await serve((request, response) => {
      request.resume().on('end', () => response.end());
    });
    await exchange(port, 'POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n5\nhello\n6\n world\n0\n\n');
    expect(ended[0]?.end.requestBodyBytes).toBe(11);
  });

  test('are 0 without a body', async () => {
    const port = await serve((_request, response) => response.end());
    await exchange(port, 'GET / HTTP/1.1\nHost: a\n\n');
    expect(ended[0]?.end.requestBodyBytes).toBe(0);
  });

  test('are all of a large upload', async () => {
    const port = await serve((request, response) => {
      request.resume().on('end', () => response.end());
    });
    await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: Buffer.alloc(20_000_000, 'x') });
    expect(ended[0]?.end.requestBodyBytes).toBe(20_000_000);
  });
});

describe('the store of a request', () => {
  /** Notes at each point of a request's life whose store it runs in; everything that a bare handler can do with a body. */
  function watchful(seen: [string, unknown, unknown][]): RequestListener {
    return (request, response) => {
      const note = (where: string) => seen.push([where, id(request), currentRequest()?.request.headers['x-id']]);
      note('handler');
      setTimeout(() => note('timer'));
      queueMicrotask(() => note('microtask'));
      for (const event of ['data', 'end', 'close']) request.on(event, () => note(event));
      request.on('end', async () => {
        await immediate();
        note('await');
        response.end(id(request));
      });
    };
  }

  const post = (name: string, body: string) => `POST / HTTP/1.1\r\nHost: a\r\nX-Id: ${name}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  test('reaches every listener of its body, over keep-alive, pipelined and concurrent connections', async () => {
    const seen: [string, unknown, unknown][] = [];
    const port = await serve(watchful(seen));
    const sockets = ['a', 'b', 'c'].map((name) => ({ name, socket: dial(port) }));
    for (const { name, socket } of sockets)
      socket.write(post(`${name}1`, 'first') + post(`${name}2`, 'second') + post(`${name}3`, 'x'.repeat(100_000)).slice(0, 50_000));
    await eventually(() => ended.length >= 6);
    for (const { name, socket } of sockets) socket.write(post(`${name}3`, 'x'.repeat(100_000)).slice(50_000));
    await eventually(() => ended.length === 9);
    for (const { name, socket } of sockets) socket.write(post(`${name}4`, 'later, on the idle connection'));
    await eventually(() => ended.length === 12);
    for (const { socket } of sockets) socket.destroy();
    const places = ['handler', 'timer', 'microtask', 'data', 'end', 'await', 'close'];
    await eventually(() => places.every((place) => new Set(seen.filter(([at]) => at === place).map(([, name]) => name)).size === 12));
    expect(seen.filter(([, request, store]) => request !== store)).toEqual([]);
  });

  test('does not leak into what runs beside or after it', async () => {
    const stores: unknown[] = [];
    const port = await serve((_request, response) => response.end());
    server.on('connection', () => stores.push(currentRequest()));
    const timer = setInterval(() => stores.push(currentRequest()));
    for (let round = 0; round < 5; round++) await (await fetch(`http://127.0.0.1:${port}`)).text();
    await eventually(() => stores.length > 3);
    clearInterval(timer);
    expect(stores.filter((store) => store !== undefined)).toEqual([]);
    expect(currentRequest()).toBeUndefined();
  });
});

describe('the body of a request', () => {
  const bytes = Buffer.from([0, 255, 128, ...Buffer.from('{"text":"é漢"}')]);
  const send = (port: number, body: Buffer | undefined = bytes) =>
    new Promise<string>((resolve, reject) => {
      const call = httpRequest({ port, host: '127.0.0.1', method: 'POST', agent: false, headers: { 'Transfer-Encoding': 'chunked' } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve(text));
      });
      call.on('error', reject);
      for (let start = 0; start < body.length; start += 4) call.write(body.subarray(start, start + 4));
      call.end();
    });

  const readers: Record<string, RequestListener> = {
    events: (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk)).on('end', () => response.end(Buffer.concat(chunks).toString('hex')));
    },
    'async iteration': async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      response.end(Buffer.concat(chunks).toString('hex'));
    },
    pipe: (request, response) => {
      response.setHeader('Content-Type', 'text/plain');
      request.setEncoding('hex').pipe(response);
    },
    'readable and read': (request, response) => {
      let text = '';
      request.on('readable', () => {
        for (let chunk = request.read(); chunk !== null; chunk = request.read()) text += chunk.toString('hex');
      });
      request.on('end', () => response.end(text));
    },
    'reading late': (request, response) => {
      setTimeout(() => readers.events?.(request, response), 20);
    },
  };

  test.each(Object.keys(readers))('is measured, by %s, and the application reads what was sent', async (name) => {
    const ends: RequestEnd[] = [];
    unsubscribe.push(onRequestEnd((_record, end) => ends.push(end)));
    const port = await serve(readers[name] as RequestListener);
    expect(await send(port)).toBe(bytes.toString('hex'));
    await eventually(() => ends.length === 1);
    expect(ends).toMatchObject([{ requestBodyBytes: bytes.length, aborted: false }]);
  });

  test('is read along without a listener, and without touching the response', async () => {
    let look: unknown;
    const port = await serve((request, response) => {
      look = {
        flowing: request.readableFlowing,
        listeners: request.eventNames(),
        paused: request.isPaused(),
        responseListeners: response.listenerCount('close'),
      };
      request.resume().on('end', () => response.end());
    });
    await send(port);
    expect(look).toEqual({ flowing: null, listeners: [], paused: false, responseListeners: 0 });
  });
});
