import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { OtlpTarget } from '../otlp/target.ts';
import { unreferencedAgent } from './unreferenced-agent.ts';

/** What `OTEL_BSP_*` says (OpenTelemetry's specification of SDK environment variables). */
export interface Batches {
  readonly scheduledDelayMillis: number;
  readonly exportTimeoutMillis: number;
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
}

/**
 * Sends spans by OTLP over HTTP as sdk-node would, by the same variables, but without keeping a process alive: sdk-node's own exporter holds a process that
 * has come to its end for ten seconds beside a collector that does not answer.
 */
export function spanProcessor(protocol: string, tls: OtlpTarget['tls'], batches: Batches): SpanProcessor {
  const Exporter = protocol === 'http/json' ? JsonExporter : ProtobufExporter;
  return new BatchSpanProcessor({ exporter: new Exporter({ httpAgentOptions: (scheme: string) => unreferencedAgent(scheme, tls) }), ...batches });
}
