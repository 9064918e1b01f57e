import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { log, type ProducedMetrics } from '@tallyman/core';
import { grpcFrame, grpcHeaders, grpcUrl } from '../otlp/grpc.ts';
import { otlpPost } from '../otlp/post.ts';
import { loggable, type OtlpTarget } from '../otlp/target.ts';
import { type Posted, postSynchronously } from './post.ts';

interface Serializer {
  serializeRequest(metrics: ProducedMetrics): Uint8Array | undefined;
}

/**
 * Delivers values synchronously, for the moment when a process ends. It spends no more than the given milliseconds, serialising included.
 * Returns whether they arrived; when not, it says so.
 */
export function flushSynchronously(target: OtlpTarget, metrics: ProducedMetrics, milliseconds: number): boolean {
  const deadline = performance.now() + milliseconds;
  const { JsonMetricsSerializer, ProtobufMetricsSerializer } = createRequire(__filename)('./serializer.cjs') as Record<string, Serializer>;
  const serialized = (target.protocol === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer)?.serializeRequest(metrics);
  if (serialized === undefined) return false;
  const isGrpc = target.protocol === 'grpc';
  const post = {
    isGrpc,
    ...(isGrpc ? { url: grpcUrl(target.url), headers: grpcHeaders(target), body: grpcFrame(serialized, target) } : otlpPost(target, serialized)),
    tls: Object.fromEntries(Object.entries(target.tls).map(([key, path]) => [key, readFileSync(path)])),
  };
  const posted = postSynchronously(post, deadline - performance.now());
  if (posted === 'ok') return true;
  if (posted === 'no answer') log('warn', unanswered(target, milliseconds));
  else log('warn', lost(target, posted));
  return false;
}

/** What is said of last values that did not arrive. */
export function lost({ url }: OtlpTarget, posted: Exclude<Posted, 'ok' | 'no answer'>): string {
  return `the last values are lost: ${posted === 'no connection' ? 'no connection to' : `${posted} from`} ${loggable(url)}`;
}

/** What is said of a collector that has not answered within the given milliseconds. */
export function unanswered({ url }: OtlpTarget, milliseconds: number): string {
  return `the last values may be lost: no answer from ${loggable(url)} within the ${Math.round(milliseconds)} ms that the end of a process waits`;
}
