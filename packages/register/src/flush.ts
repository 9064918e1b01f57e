import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { log, type ProducedMetrics } from '@tallyman/core';
import { loggable, type OtlpTarget } from './otlp-target.ts';

/** The longest that the end of a process waits for the delivery of its last values. */
const DEADLINE_MS = 500;

interface Serializer {
  serializeRequest(metrics: ProducedMetrics): Uint8Array | undefined;
}

/** Posts one body and writes the status, or -1, where the main thread waits for it. */
const POST = `
const { workerData: { url, headers, body, tls, state } } = require('node:worker_threads');
const view = new Int32Array(state);
const done = (status) => { Atomics.store(view, 0, status); Atomics.notify(view, 0); };
try {
  const { request } = require(url.startsWith('https:') ? 'node:https' : 'node:http');
  const sent = request(url, { method: 'POST', agent: false, headers: { ...headers, 'content-length': body.byteLength }, ...tls }, (response) => {
    response.resume().once('end', () => done(response.statusCode)).once('error', () => done(-1));
  });
  sent.once('error', () => done(-1));
  sent.end(body);
} catch { done(-1); }
`;

/** Delivers values synchronously, for the moment when a process ends: a thread posts them while this one waits, at most half a second. Returns whether they arrived. */
export function flushSynchronously(target: OtlpTarget, metrics: ProducedMetrics): boolean {
  const { JsonMetricsSerializer, ProtobufMetricsSerializer } = createRequire(__filename)('./serializer.cjs') as Record<string, Serializer>;
  const isJson = target.protocol === 'http/json';
  const serialized = (isJson ? JsonMetricsSerializer : ProtobufMetricsSerializer)?.serializeRequest(metrics);
  if (serialized === undefined) return false;
  const state = new SharedArrayBuffer(4);
  const view = new Int32Array(state);
  const worker = new Worker(POST, {
    eval: true,
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '' },
    workerData: {
      url: target.url,
      headers: {
        'content-type': isJson ? 'application/json' : 'application/x-protobuf',
        ...(target.isCompressed && { 'content-encoding': 'gzip' }),
        ...target.headers,
      },
      // Loaded here and not at the start of every process: few compress.
      body: target.isCompressed ? process.getBuiltinModule('node:zlib').gzipSync(serialized) : serialized,
      tls: Object.fromEntries(Object.entries(target.tls).map(([key, path]) => [key, readFileSync(path)])),
      state,
    },
  });
  worker.unref();
  Atomics.wait(view, 0, 0, DEADLINE_MS);
  const status = Atomics.load(view, 0);
  if (status >= 200 && status < 300) return true;
  log(
    'warn',
    `the last values did not arrive at ${loggable(target.url)} (${status === 0 ? `no answer within ${DEADLINE_MS} ms` : status === -1 ? 'no connection' : `status ${status}`})`,
  );
  return false;
}
