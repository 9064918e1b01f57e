// Loads HTTP servers over kept-alive connections, one request at a time on each, with as little work as can be: a process of
// its own, whose CPU is not counted.
import { connect } from 'node:net';
import { answer } from './answer.mjs';

const CONNECTIONS = 32;
const DIGIT_2 = 0x32;

/** One connection to a server whose answers all have the same length; the first one tells it. */
class Connection {
  #socket;
  #length = 0;
  #received = 0;
  #answered = () => {};
  /** Remembers, too, that a connection was closed while nothing was asked. */
  #failed = (error) => {
    this.#failure = error;
  };
  #failure;

  constructor(port) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('close', () => this.#failed(new Error('the server closed a connection')));
  }

  /** Sends the request again and again until that time: resolves with the number of answers. */
  keepAsking(request, until) {
    const { promise, resolve, reject } = Promise.withResolvers();
    let count = 0;
    if (this.#failure !== undefined) reject(this.#failure);
    this.#failed = (error) => {
      this.#failure = error;
      reject(error);
    };
    this.#answered = () => {
      count++;
      if (performance.now() < until) this.#socket.write(request);
      else resolve(count);
    };
    this.#socket.write(request);
    return promise;
  }

  #take(chunk) {
    if (this.#received === 0 && chunk[9] !== DIGIT_2) this.#failed(new Error(`the server answered ${chunk.toString('latin1', 0, 80)}`));
    if (this.#length === 0) this.#length = lengthOfAnswer(chunk.toString('latin1'));
    this.#received += chunk.length;
    if (this.#received < this.#length) return;
    this.#received = 0;
    this.#answered();
  }
}

function lengthOfAnswer(text) {
  const contentLength = Number(/content-length: (\d+)/i.exec(text)[1]);
  return text.indexOf('\r\n\r\n') + 4 + contentLength;
}

const connectionsByPort = new Map();

/** Loads the server for some milliseconds: resolves with how many requests were answered, and in which time. */
async function load({ port, request, milliseconds }) {
  if (!connectionsByPort.has(port)) {
    connectionsByPort.set(
      port,
      Array.from({ length: CONNECTIONS }, () => new Connection(port)),
    );
  }
  const bytes = Buffer.from(request);
  const from = performance.now();
  const counts = await Promise.all(connectionsByPort.get(port).map((connection) => connection.keepAsking(bytes, from + milliseconds)));
  return { requests: counts.reduce((sum, count) => sum + count, 0), milliseconds: performance.now() - from };
}

answer({ load, forget: ({ port }) => connectionsByPort.delete(port) });
