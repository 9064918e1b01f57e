import { readFileSync } from 'node:fs';
import { Agent, type AgentOptions } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  ConsoleMetricExporter,
  MeterProvider,
  type MetricProducer,
  type MetricReader,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { OtlpTarget } from './environment.ts';
import { CollectorNamesPrometheusExporter } from './prometheus-exporter.ts';

/** What the SDK's bundle is given by the preload, so that nothing of it is in both. */
export interface SdkOptions {
  readonly exporters: readonly ('otlp' | 'prometheus' | 'console')[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly target: OtlpTarget;
  readonly prometheus: { readonly host: string | undefined; readonly port: number };
  /** A producer of all series, one for each reader. */
  readonly createProducer: () => unknown;
  /** Number of records so far; passed back to `delivered` when an export that held them has succeeded. */
  readonly changes: () => number;
  readonly delivered: (changes: number) => void;
  readonly failed: (exporter: string, error: unknown) => void;
  readonly portTaken: (error: Error) => void;
}

/** Starts the private MeterProvider: it is never registered globally, because an application's own registration would then fail. */
export function startSdk(options: SdkOptions): void {
  const readers = options.exporters.map((name): MetricReader => {
    const metricProducers = [options.createProducer() as MetricProducer];
    if (name === 'prometheus') {
      const { host, port } = options.prometheus;
      return new CollectorNamesPrometheusExporter({ ...(host !== undefined && { host }), port, withoutScopeInfo: true, metricProducers }, (error) => {
        if (error instanceof Error) options.portTaken(error);
      });
    }
    const exporter = name === 'console' ? new ConsoleMetricExporter() : reporting(otlpExporter(options.target), name, options);
    return new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: options.intervalMs,
      exportTimeoutMillis: Math.min(options.timeoutMs, options.intervalMs),
      metricProducers,
    });
  });
  new MeterProvider({ resource: resourceFromAttributes(options.attributes), readers });
}

function otlpExporter(target: OtlpTarget): PushMetricExporter {
  if (target.protocol === 'grpc') {
    // grpc is large and rarely asked for: it stays outside the bundle, as a dependency of sdk-node.
    const sdkNode = createRequire(createRequire(__filename).resolve('@opentelemetry/sdk-node'));
    const { OTLPMetricExporter } = sdkNode('@opentelemetry/exporter-metrics-otlp-grpc') as { OTLPMetricExporter: new () => PushMetricExporter };
    return new OTLPMetricExporter();
  }
  const Exporter = target.protocol === 'http/json' ? JsonExporter : ProtobufExporter;
  return new Exporter({ httpAgentOptions: (protocol: string) => agent(protocol, target) });
}

/** Keep-alive agents whose sockets never keep the process alive: the last values are delivered when it ends. */
function agent(protocol: string, { tls }: OtlpTarget): Agent {
  const options: AgentOptions = { keepAlive: true, ...Object.fromEntries(Object.entries(tls).map(([key, path]) => [key, readFileSync(path)])) };
  const created = protocol === 'https:' ? new TlsAgent(options) : new Agent(options);
  const unreferenced = created as unknown as { createConnection(...args: unknown[]): Socket; reuseSocket(socket: Socket, request: unknown): void };
  const createConnection = unreferenced.createConnection.bind(created);
  const reuseSocket = unreferenced.reuseSocket.bind(created);
  unreferenced.createConnection = (...args) => createConnection(...args).unref();
  unreferenced.reuseSocket = (socket, request) => {
    reuseSocket(socket, request);
    socket.unref();
  };
  return created;
}

/** Tells the preload what became of each export. */
function reporting(exporter: PushMetricExporter, name: string, options: SdkOptions): PushMetricExporter {
  const original = exporter.export.bind(exporter);
  exporter.export = (metrics: ResourceMetrics, callback) => {
    const changes = options.changes();
    original(metrics, (result) => {
      if (result.code === 0) options.delivered(changes);
      else options.failed(name, result.error);
      callback(result);
    });
  };
  return exporter;
}
