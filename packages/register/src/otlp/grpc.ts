import { userAgent } from './post.ts';
import type { OtlpTarget } from './target.ts';

/** The method that exports metrics (opentelemetry-proto, collector/metrics/v1/metrics_service.proto). */
const METHOD = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';
/** Bytes before a message: whether it is compressed, and its length (gRPC over HTTP/2, Length-Prefixed-Message). */
const PREFIX = 5;

/** The URL of the method at a server. */
export function grpcUrl(origin: string): string {
  return `${origin}${METHOD}`;
}

/** The headers of a call, beside those of HTTP/2 itself. */
export function grpcHeaders({ isCompressed, headers }: OtlpTarget): Record<string, string> {
  const lowerCase = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { 'user-agent': userAgent, 'content-type': 'application/grpc', te: 'trailers', ...(isCompressed && { 'grpc-encoding': 'gzip' }), ...lowerCase };
}

/** A message as it is sent. */
export function grpcFrame(message: Uint8Array, { isCompressed }: OtlpTarget): Buffer {
  const body = isCompressed ? process.getBuiltinModule('node:zlib').gzipSync(message) : message;
  const prefix = Buffer.alloc(PREFIX);
  prefix[0] = isCompressed ? 1 : 0;
  prefix.writeUInt32BE(body.byteLength, 1);
  return Buffer.concat([prefix, body]);
}
