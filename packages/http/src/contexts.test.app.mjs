// Serves uploads over connections that are kept alive, pipelined and concurrent, and prints which request's store each listener of each request ran in.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { currentRequest, onRequestEnd } from '@tallyman/core';

// Without a certificate: both sides know a key.
const tls = { ciphers: 'PSK', maxVersion: 'TLSv1.2' };
const key = Buffer.alloc(16);
const places = ['handler', 'data', 'end', 'await', 'timer'];
const wrong = [];
const leaks = [];
const seen = new Set();
let ended = 0;
onRequestEnd(() => {
  ended += 1;
});

function serve(request, response) {
  const id = request.headers['x-id'];
  const note = (place) => {
    seen.add(`${place} ${id}`);
    const store = currentRequest()?.request.headers['x-id'];
    if (store !== id) wrong.push(`${place} of ${id} in ${store}`);
  };
  note('handler');
  request.on('data', () => note('data'));
  request.on('end', async () => {
    note('end');
    await null;
    note('await');
    setTimeout(() => {
      note('timer');
      response.end(id);
    });
  });
}

const upload = (id, body) => `POST / HTTP/1.1\r\nHost: a\r\nX-Id: ${id}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

async function until(count) {
  while (ended < count) {
    await new Promise(setImmediate);
    leaks.push(currentRequest());
  }
}

async function run(server, dial, name) {
  server.on('connection', () => leaks.push(currentRequest()));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const before = ended;
  const connections = ['a', 'b', 'c'].map((letter) => ({ id: name + letter, socket: dial(server.address().port).resume() }));
  for (const { id, socket } of connections) {
    const third = upload(`${id}3`, 'x'.repeat(100_000));
    socket.write(upload(`${id}1`, 'first') + upload(`${id}2`, 'second') + third.slice(0, 50_000));
    socket.rest = third.slice(50_000);
  }
  await until(before + 6);
  for (const { socket } of connections) socket.write(socket.rest);
  await until(before + 9);
  for (const { id, socket } of connections) socket.write(upload(`${id}4`, 'later, on the idle connection'));
  await until(before + 12);
  for (const { socket } of connections) socket.destroy();
  server.close();
}

await run(createServer(serve), (port) => connect(port, '127.0.0.1'), 'tcp-');
const secure = { ...tls, pskCallback: () => ({ identity: 'a', psk: key }), checkServerIdentity: () => undefined };
await run(createTlsServer({ ...tls, pskCallback: () => key }, serve), (port) => connectTls({ port, host: '127.0.0.1', ...secure }), 'tls-');
const missing = places.flatMap((place) => {
  const ids = [...seen].filter((entry) => entry.startsWith(`${place} `)).length;
  return ids === 24 ? [] : [`${place}: ${ids}`];
});
console.log(JSON.stringify({ wrong, missing, leaks: leaks.filter((store) => store !== undefined).length }));
