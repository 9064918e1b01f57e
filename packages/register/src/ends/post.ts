import { Worker } from 'node:worker_threads';
import type { OtlpPost } from '../otlp/post.ts';

/** A message, and how it is sent. */
export interface Post extends OtlpPost {
  /** Whether it is a call of gRPC, the body being its frame: over HTTP/2, with the outcome in trailers. */
  readonly isGrpc: boolean;
  /** Contents of PEM files. */
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
}

/** What became of a post. */
export type Posted = 'ok' | 'no answer' | 'no connection' | `status ${number}` | `grpc status ${number}`;

const NO_CONNECTION = -1;
const GRPC = 1000;

/** Sends, and leaves the status where the main thread waits for it: 200 when all is well; -1 for no connection; 1000 and more for a status of gRPC. */
const SCRIPT = `
const { workerData: { url, isGrpc, headers, body, tls, state } } = require('node:worker_threads');
const view = new Int32Array(state);
const done = (status) => { Atomics.store(view, 0, status); Atomics.notify(view, 0); };
const failed = () => done(${NO_CONNECTION});
const http = () => {
  const { request } = require(url.startsWith('https:') ? 'node:https' : 'node:http');
  const sent = request(url, { method: 'POST', agent: false, headers: { ...headers, 'content-length': body.byteLength }, ...tls }, (response) => {
    response.resume().once('end', () => done(response.statusCode)).once('error', failed);
  });
  sent.once('error', failed).end(body);
};
const grpc = () => {
  const session = require('node:http2').connect(new URL(url).origin, tls).once('error', failed);
  const stream = session.request({ ':method': 'POST', ':path': new URL(url).pathname, ...headers });
  const outcome = ({ ':status': http, 'grpc-status': status }) => {
    if (http !== undefined && http !== 200) done(http);
    else if (status !== undefined) done(status === '0' ? 200 : ${GRPC} + Number(status));
  };
  stream.once('response', outcome).once('trailers', outcome).once('error', failed).resume();
  stream.end(body);
};
try { (isGrpc ? grpc : http)(); } catch { failed(); }
`;

/** Whether this process may start the thread that posts: not under `--permission` without `--allow-worker`. */
export function canPost(): boolean {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  return permission === undefined || permission.has('worker');
}

/** Posts from a thread of its own while this one waits: the only way to send anything when a process ends. Throws where no thread can be started. */
export function postSynchronously(post: Post, milliseconds: number): Posted {
  const deadline = performance.now() + milliseconds;
  const state = new SharedArrayBuffer(4);
  const view = new Int32Array(state);
  const worker = new Worker(SCRIPT, {
    eval: true,
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '' },
    // What Node itself says there, such as a warning, is said by the application's own threads as well.
    stdout: true,
    stderr: true,
    workerData: { ...post, state },
  });
  // The process may go on, as process 1 of a container does after a signal.
  worker.once('error', () => undefined).unref();
  Atomics.wait(view, 0, 0, Math.max(0, deadline - performance.now()));
  const status = Atomics.load(view, 0);
  if (status === 0) void worker.terminate();
  return outcome(status);
}

function outcome(status: number): Posted {
  if (status === 0) return 'no answer';
  if (status === NO_CONNECTION) return 'no connection';
  if (status > GRPC) return `grpc status ${status - GRPC}`;
  return status >= 200 && status < 300 ? 'ok' : `status ${status}`;
}
