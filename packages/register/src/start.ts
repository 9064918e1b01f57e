import { createRequire } from 'node:module';
import { adapters as aiAdapters, endIdleCalls } from '@tallyman/ai';
import { createMetricProducer, errorType, installHook, log, logOnce, runtime, safely, selfRecorders, shared } from '@tallyman/core';
import { startFeatures } from '@tallyman/features';
import { adapters as httpAdapters, startHttp } from '@tallyman/http';
import { adapters as queueAdapters, startQueues } from '@tallyman/queues';
import { settleHeldPurchases, adapters as webhookAdapters } from '@tallyman/webhooks';
import { loadConfiguration } from './configuration-file.ts';
import { isEnabled, loggable, metricsExporters, milliseconds, otlpTarget, port, text, wantsTraces } from './environment.ts';
import { flushSynchronously } from './flush.ts';
import { resourceAttributes } from './identity.ts';
import { onEnd, onFirstNeed } from './lifecycle.ts';
import { startProcessMetrics } from './process-metrics.ts';
import type { startSdk } from './sdk.ts';
import { startTraces } from './traces.ts';
import { version } from './version.ts';

const HOUR_MS = 3_600_000;

/** Starts Tallyman in this thread, once; a configuration that cannot be used leaves the application alone. */
export function start(): void {
  safely('register', () => {
    if (text('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || !runtime.active) return;
    const state = shared('register', () => ({ isStarted: false }));
    if (state.isStarted) return;
    state.isStarted = true;
    const configuration = loadConfiguration();
    if (configuration === undefined) return;
    runtime.configuration = configuration;
    runtime.registry.caps = configuration.caps;
    const attributes = lazy(resourceAttributes);
    if (wantsTraces()) safely('register.traces', () => startTraces(attributes()));
    startDomains();
    startExport(attributes);
  });
}

function startDomains(): void {
  startQueues();
  if (isEnabled('http')) startHttp();
  startFeatures();
  installHook([...httpAdapters, ...aiAdapters, ...webhookAdapters, ...queueAdapters].filter(({ name }) => isEnabled(name)));
}

function startExport(attributes: () => Record<string, string>): void {
  const exporters = metricsExporters();
  if (exporters.length === 0) return;
  const target = otlpTarget();
  let delivered = 0;
  onFirstNeed(() => {
    startProcessMetrics();
    const { startSdk: startBundle } = createRequire(__filename)('./sdk.cjs') as { startSdk: typeof startSdk };
    const prometheusPort = port('OTEL_EXPORTER_PROMETHEUS_PORT', 9464);
    startBundle({
      exporters,
      attributes: attributes(),
      intervalMs: milliseconds('OTEL_METRIC_EXPORT_INTERVAL', 15_000),
      timeoutMs: milliseconds('OTEL_METRIC_EXPORT_TIMEOUT', 30_000),
      target,
      prometheus: { host: text('OTEL_EXPORTER_PROMETHEUS_HOST'), port: prometheusPort },
      createProducer: () => createMetricProducer({ attributes: {} }, version),
      changes: () => runtime.registry.changes,
      delivered: (changes) => {
        delivered = changes;
      },
      failed: (exporter, error) => {
        selfRecorders.exportFailures(1, { exporter, 'error.type': errorType(error) });
        logOnce(
          `export ${exporter}`,
          'warn',
          `values do not arrive at ${loggable(target.url)} (${errorType(error)}): start the collector there or set OTEL_EXPORTER_OTLP_ENDPOINT; nothing is lost meanwhile`,
          HOUR_MS,
        );
      },
      portTaken: (error) =>
        log('error', `port ${prometheusPort} for /metrics cannot be opened (${errorType(error)}): set OTEL_EXPORTER_PROMETHEUS_PORT to a free one`),
    });
  });
  if (!exporters.includes('otlp') || target.protocol === 'grpc') return;
  onEnd(() => {
    endIdleCalls();
    settleHeldPurchases();
    const { changes } = runtime.registry;
    if (changes === delivered || !flushSynchronously(target, attributes(), version)) return;
    delivered = changes;
  });
}

function lazy<T>(make: () => T): () => T {
  let value: { readonly made: T } | undefined;
  return () => {
    value ??= { made: make() };
    return value.made;
  };
}
