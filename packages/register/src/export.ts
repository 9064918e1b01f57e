import { createRequire } from 'node:module';
import {
  createMetricProducer,
  errorType,
  globalMeterProvider,
  handOver,
  leaveOutServer,
  log,
  logOnce,
  runtime,
  selfRecorders,
  temporalityOf,
  watchForMeterProvider,
} from '@tallyman/core';
import { lastDelivery, sayLost } from './ends/last-delivery.ts';
import { onEnd, onFirstNeed } from './lifecycle.ts';
import { loggable, otlpTarget } from './otlp/target.ts';
import { startProcessMetrics } from './process-metrics.ts';
import type { RunningSdk, startSdk, WayOut } from './sdk.ts';
import { metricsExporters, milliseconds, port, temporalityPreference } from './settings/environment.ts';
import { text } from './settings/variables.ts';
import { version } from './version.ts';

const HOUR_MS = 3_600_000;

/**
 * Exports what is recorded by the ways that the environment names: at first need through our own MeterProvider, which is private, or through the
 * application's, as soon as it has registered one globally. Returns what tells that values will be needed soon.
 */
export function startExport(attributes: () => Record<string, string>): () => void {
  const target = otlpTarget();
  const waysOut = metricsExporters().map((name): WayOut => {
    const preference = name === 'otlp' ? temporalityPreference() : 'cumulative';
    return {
      name,
      producer: createMetricProducer({ attributes: {} }, version, preference),
      temporality: (instrument, isObserved) => temporalityOf(preference, instrument, isObserved),
    };
  });
  const { registry } = runtime;
  registry.onHandOver = handedOver;
  if (registry.destination !== undefined) handedOver();
  let sdk: RunningSdk | undefined;
  let isStarted = false;
  const start = (): void => {
    if (isStarted) return;
    isStarted = true;
    if (waysOut.length === 0) watchForMeterProvider();
    else if (!look()) {
      sdk = startOwn(waysOut, attributes(), target);
      startProcessMetrics();
    }
  };
  let isNeeded: () => void = () => undefined;
  if (runtime.configuration.exportAppMetrics === true && waysOut.length > 0) start();
  else isNeeded = onFirstNeed(start, look);
  const otlp = waysOut.find(({ name }) => name === 'otlp')?.producer;
  if (otlp !== undefined) onEnd(lastDelivery({ target, producer: otlp, attributes, sdk: () => sdk, start }));
  return isNeeded;
}

/** Whether a MeterProvider of the application reports; hands over to it when it is new. */
function look(): boolean {
  const { registry } = runtime;
  const provider = globalMeterProvider();
  if (provider !== undefined && registry.destination === undefined) handOver(provider);
  return registry.destination !== undefined;
}

function handedOver(): void {
  logOnce('hand-over', 'info', "the application's own OpenTelemetry SDK reports Tallyman's metrics; OTEL_METRICS_EXPORTER is not used for them");
  startProcessMetrics();
}

function startOwn(waysOut: readonly WayOut[], attributes: Record<string, string>, target: ReturnType<typeof otlpTarget>): RunningSdk {
  const { startSdk: start } = createRequire(__filename)('./sdk.cjs') as { startSdk: typeof startSdk };
  const intervalMs = milliseconds('OTEL_METRIC_EXPORT_INTERVAL', 15_000);
  const { registry } = runtime;
  const sdk = start({
    waysOut,
    attributes,
    isGlobal: runtime.configuration.exportAppMetrics === true,
    intervalMs,
    timeoutMs: milliseconds('OTEL_METRIC_EXPORT_TIMEOUT', 30_000),
    target,
    prometheus: {
      // Not localhost, OpenTelemetry's default: that may be ::1 alone.
      host: (text('OTEL_EXPORTER_PROMETHEUS_HOST') ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1'),
      port: port('OTEL_EXPORTER_PROMETHEUS_PORT', 9464),
      version,
      retryMs: intervalMs,
      say: log,
      serving: leaveOutServer,
    },
    beforeExport: () => void look(),
    failed: (exporter, error) => {
      const type = errorType(error);
      selfRecorders.exportFailures(1, { exporter, 'error.type': type });
      if (exporter === 'otlp' && sayLost(target, type)) return;
      const line = exporter === 'otlp' ? notDelivered(loggable(target.url), type) : `values cannot be written to the ${exporter} (${type})`;
      logOnce(`export ${exporter}`, 'warn', line, HOUR_MS);
    },
  });
  registry.exporting = {
    provider: sdk.provider,
    finish: (last) => {
      for (const { producer } of waysOut) producer.finish(last);
    },
  };
  registry.early = undefined;
  return sdk;
}

function notDelivered(url: string, type: string): string {
  const advice = /^(http|grpc)_/.test(type) ? 'look into the log of what answers there' : 'start the collector there';
  return `values do not arrive at ${url} (${type}): ${advice} or set OTEL_EXPORTER_OTLP_ENDPOINT; they are kept until they do, or the process ends`;
}
