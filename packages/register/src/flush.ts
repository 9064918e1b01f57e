import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { log, type ProducedMetrics } from '@tallyman/core';
import { postSynchronously } from './ends/post.ts';
import { loggable, type OtlpTarget } from './otlp-target.ts';

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
    url: isGrpc ? grpcUrl(target.url) : target.url,
    isGrpc,
    headers: { ...contentHeaders(target), ...target.headers },
    // Loaded here and not at the start of every process: few compress.
    body: target.isCompressed ? process.getBuiltinModule('node:zlib').gzipSync(serialized) : serialized,
    tls: Object.fromEntries(Object.entries(target.tls).map(([key, path]) => [key, readFileSync(path)])),
  };
  const posted = postSynchronously(post, deadline - performance.now());
  if (posted === 'ok') return true;
  const address = loggable(target.url);
  if (posted === 'no answer')
    log('warn', `the last values may be lost: no answer from ${address} within the ${Math.round(milliseconds)} ms that the end of a process waits`);
  else log('warn', `the last values are lost: ${posted === 'no connection' ? 'no connection to' : `${posted} from`} ${address}`);
  return false;
}

/** The method that exports metrics (opentelemetry-proto, metrics_service.proto). Addresses without a scheme are encrypted unless `OTEL_EXPORTER_OTLP_INSECURE` says otherwise. */
function grpcUrl(address: string): string {
  const { OTEL_EXPORTER_OTLP_INSECURE: general, OTEL_EXPORTER_OTLP_METRICS_INSECURE: isInsecure = general } = process.env;
  const base = /^https?:/i.test(address) ? address : `${isInsecure?.toLowerCase() === 'true' ? 'http' : 'https'}://${address}`;
  return `${base.replace(/\/$/, '')}/opentelemetry.proto.collector.metrics.v1.MetricsService/Export`;
}

function contentHeaders({ protocol, isCompressed }: OtlpTarget): Record<string, string> {
  if (protocol === 'grpc') return isCompressed ? { 'grpc-encoding': 'gzip' } : {};
  return {
    'content-type': protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
    ...(isCompressed && { 'content-encoding': 'gzip' }),
  };
}
