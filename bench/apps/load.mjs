// Loads an HTTP server over kept-alive connections, one request at a time on each, with as little work as can be: a process
// of its own, whose CPU is not counted.
import { connect } from 'node:net';
import { answer } from './answer.mjs';

const CONNECTIONS = 32;
const DIGIT_2 = 0x32;

/** Requests for some milliseconds: resolves with how many were answered, and in which time. */
async function load({ port, request, milliseconds }) {
  const bytes = Buffer.from(request);
  const from = performance.now();
  const until = from + milliseconds;
  const counts = await Promise.all(Array.from({ length: CONNECTIONS }, () => keepAsking(port, bytes, until)));
  return { requests: counts.reduce((sum, count) => sum + count, 0), milliseconds: performance.now() - from };
}

/** All answers of a server have the same length here; the first one tells it. */
function keepAsking(port, request, until) {
  const { promise, resolve, reject } = Promise.withResolvers();
  let length = 0;
  let received = 0;
  let requests = 0;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => socket.write(request));
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('the server closed the connection')));
  socket.on('data', (chunk) => {
    if (received === 0 && chunk[9] !== DIGIT_2) return reject(new Error(`the server answered ${chunk.toString('latin1', 0, 80)}`));
    if (length === 0) length = answerLength(chunk.toString('latin1'));
    received += chunk.length;
    if (received < length) return;
    received = 0;
    requests++;
    if (performance.now() < until) socket.write(request);
    else socket.end(() => resolve(requests));
  });
  return promise;
}

function answerLength(text) {
  const contentLength = Number(/content-length: (\d+)/i.exec(text)[1]);
  return text.indexOf('\r\n\r\n') + 4 + contentLength;
}

answer({ load });
