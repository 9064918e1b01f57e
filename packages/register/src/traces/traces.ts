import Module, { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { log, safely } from '@tallyman/core';
import { endTimeout, keepFor, timeLeft } from '../ends/end-time.ts';
import { tracesTarget } from '../otlp/target.ts';
import { count, milliseconds } from '../settings/environment.ts';
import { list } from '../settings/variables.ts';
import { httpInstrumentation } from './http-instrumentation.ts';
import type { spanProcessor as createSpanProcessor } from './spans.ts';

/** Where OpenTelemetry's API keeps what is registered in this process. */
const API = Symbol.for('opentelemetry.js.api.1');

interface NodeSdk {
  start(): void;
  shutdown(): Promise<void>;
}

/**
 * Starts tracing when the application begins, unless an SDK has registered itself by then: others are loaded by `--require` and `--import`
 * too, after this file as well as before it, and OpenTelemetry lets only the first one register.
 */
export function startTraces(attributes: () => Readonly<Record<string, string>>): void {
  if (!isMainThread || process.argv[1] === undefined) {
    startSdk(attributes());
    return;
  }
  const hooks = Module.registerHooks({
    resolve(specifier, context, next) {
      // Preloads are asked for by nobody too, but neither by a URL nor by the entry point's path.
      if (context.parentURL === undefined && (specifier === process.argv[1] || specifier.startsWith('file:'))) {
        hooks.deregister();
        safely('register.traces', () => startSdk(attributes()));
      }
      return next(specifier, context);
    },
  });
}

/** Starts NodeSDK and instrumentation-http for traces alone: without a metric reader NodeSDK registers no MeterProvider (sdk-node 0.301). */
function startSdk(attributes: Readonly<Record<string, string>>): void {
  if ((globalThis as { [API]?: { trace?: unknown } })[API]?.trace !== undefined) {
    log('debug', 'traces are left to the SDK that is registered already');
    return;
  }
  const require = createRequire(__filename);
  const { NodeSDK } = require('@opentelemetry/sdk-node') as { NodeSDK: new (options: object) => NodeSdk };
  const { resourceFromAttributes } = createRequire(require.resolve('@opentelemetry/sdk-node'))('@opentelemetry/resources') as {
    resourceFromAttributes(attributes: object): unknown;
  };
  const sdk = new NodeSDK({
    resource: resourceFromAttributes(attributes),
    autoDetectResources: false,
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [httpInstrumentation(require)],
    ...spanProcessors(require),
  });
  sdk.start();
  log('debug', 'traces are on');
  // Half of what the end may spend: the last values come after.
  if (endTimeout() > 0) process.once('beforeExit', () => void safely('register.traces', () => keepFor(timeLeft() / 2, sdk.shutdown())));
}

/** Ours in place of sdk-node's where spans go by OTLP over HTTP alone. */
function spanProcessors(require: NodeJS.Require): { spanProcessors?: object[] } {
  const { protocol, tls } = tracesTarget();
  if (protocol === 'grpc' || list('OTEL_TRACES_EXPORTER')?.join() !== 'otlp') return {};
  const { spanProcessor } = require('./spans.cjs') as { spanProcessor: typeof createSpanProcessor };
  const batches = {
    scheduledDelayMillis: milliseconds('OTEL_BSP_SCHEDULE_DELAY', 5000, 0),
    exportTimeoutMillis: milliseconds('OTEL_BSP_EXPORT_TIMEOUT', 30_000),
    maxQueueSize: count('OTEL_BSP_MAX_QUEUE_SIZE', 2048),
    maxExportBatchSize: count('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512),
  };
  return { spanProcessors: [spanProcessor(protocol, tls, batches)] };
}
