import { metrics } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  ConsoleMetricExporter,
  MeterProvider,
  type MetricReader,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { InstrumentKind } from '@tallyman/catalog';
import type { MetricProducer as Producer, Temporality } from '@tallyman/core';
import { GrpcMetricExporter } from './otlp/grpc-exporter.ts';
import { HttpMetricExporter } from './otlp/http-exporter.ts';
import type { OtlpTarget } from './otlp/target.ts';
import { CollectorNamesPrometheusReader } from './prometheus/exporter.ts';
import { MetricsServer, type MetricsServerOptions } from './prometheus/server.ts';

/** One way that metrics leave the process, with the producer of what is to be delivered there. */
export interface WayOut {
  readonly name: 'otlp' | 'prometheus' | 'console';
  readonly producer: Producer;
  /** Of the application's own metrics. */
  readonly temporality: (instrument: InstrumentKind, isObserved: boolean) => Temporality;
}

/** What the SDK's bundle is given by the preload, so that nothing of it is in both. */
export interface SdkOptions {
  readonly waysOut: readonly WayOut[];
  readonly attributes: Readonly<Record<string, string>>;
  /** Whether the provider is registered globally, for the application's own metrics. */
  readonly isGlobal: boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly target: OtlpTarget;
  readonly prometheus: Omit<MetricsServerOptions, 'page'>;
  /** Called before values are collected. */
  readonly beforeExport: () => void;
  readonly failed: (exporter: string, error: unknown) => void;
}

/** Our own MeterProvider. */
export interface RunningSdk {
  readonly provider: MeterProvider;
  /** Whether an OTLP request is on its way: sent, or being sent, and not answered. */
  isSending(): boolean;
  /** Exports now; resolves when that has ended. */
  flush(): Promise<void>;
}

/** Requests that were handed to the operating system and have not ended; one that still connects is lost when the process ends. */
const sending = new Set<object>();

/** Starts our own MeterProvider; unless asked to, it is not registered globally, because an application's own registration would then fail. */
export function startSdk(options: SdkOptions): RunningSdk {
  const readers = options.waysOut.map((wayOut) => (wayOut.name === 'prometheus' ? prometheusReader(wayOut, options) : periodicReader(wayOut, options)));
  const provider = new MeterProvider({ resource: resourceFromAttributes(options.attributes), readers });
  if (options.isGlobal) metrics.setGlobalMeterProvider(provider);
  return { provider, isSending: () => sending.size > 0, flush: () => provider.forceFlush() };
}

/** When another provider has taken over, `/metrics` serves the last values once. */
function prometheusReader({ producer }: WayOut, { prometheus, beforeExport }: SdkOptions): MetricReader {
  const collect = async () => {
    beforeExport();
    const result = await producer.collect();
    producer.send()(true);
    if (producer.isFinished) close(reader);
    return result as CollectionResult;
  };
  const reader = new CollectorNamesPrometheusReader([{ collect }], () => server.stop());
  const server = new MetricsServer({ ...prometheus, page: () => reader.page() });
  return reader;
}

function periodicReader(wayOut: WayOut, options: SdkOptions): MetricReader {
  const { name, producer } = wayOut;
  const collect = () => {
    options.beforeExport();
    return producer.collect() as Promise<CollectionResult>;
  };
  const Otlp = options.target.protocol === 'grpc' ? GrpcMetricExporter : HttpMetricExporter;
  const exporter = reporting(name === 'console' ? new ConsoleMetricExporter() : new Otlp(options.target, sending), wayOut, options, () => close(reader));
  exporter.selectAggregationTemporality = (type) => {
    const instrument = type.replace(/^OBSERVABLE_/, '');
    const kind = instrument.replaceAll('_', '').toLowerCase() as InstrumentKind;
    return wayOut.temporality(kind, instrument !== type) === 'delta' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
  };
  const reader: MetricReader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: options.intervalMs,
    exportTimeoutMillis: Math.min(options.timeoutMs, options.intervalMs),
    metricProducers: [{ collect }],
  });
  return reader;
}

/** Later, when the export or scrape that is going on has ended. */
function close(reader: MetricReader): void {
  setImmediate(() => void reader.shutdown().catch(() => undefined));
}

/** Tells the producer and the preload what became of each export; `finished` when it was the last one. */
function reporting(exporter: PushMetricExporter, { name, producer }: WayOut, options: SdkOptions, finished: () => void): PushMetricExporter {
  const original = exporter.export.bind(exporter);
  let isExporting = false;
  exporter.export = (collected: ResourceMetrics, callback) => {
    // An export that takes longer than the interval goes on; beside it the same delta values would be sent twice.
    if (isExporting) return callback({ code: 0 });
    isExporting = true;
    const settle = producer.send();
    const end = (result: Parameters<typeof callback>[0]): void => {
      isExporting = false;
      settle(result.code === 0);
      if (result.code !== 0) options.failed(name, result.error);
      else if (producer.isFinished) finished();
      callback(result);
    };
    try {
      original(collected, end);
    } catch (error) {
      end({ code: 1, error: error as Error });
    }
  };
  return exporter;
}
