import { createRequire } from 'node:module';
import { log, safely } from '@tallyman/core';

interface NodeSdk {
  start(): void;
  shutdown(): Promise<void>;
}

/**
 * Starts NodeSDK and instrumentation-http for traces alone: without a metric reader NodeSDK registers no MeterProvider, so instrumentation-http's own
 * metrics go nowhere and none is doubled (sdk-node 0.301).
 */
export function startTraces(attributes: Readonly<Record<string, string>>): void {
  const require = createRequire(__filename);
  const { NodeSDK } = require('@opentelemetry/sdk-node') as { NodeSDK: new (options: object) => NodeSdk };
  const { resourceFromAttributes } = createRequire(require.resolve('@opentelemetry/sdk-node'))('@opentelemetry/resources') as {
    resourceFromAttributes(attributes: object): unknown;
  };
  const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http') as { HttpInstrumentation: new () => unknown };
  const sdk = new NodeSDK({
    resource: resourceFromAttributes(attributes),
    autoDetectResources: false,
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [new HttpInstrumentation()],
  });
  sdk.start();
  log('debug', 'traces are on');
  process.once('beforeExit', () => void safely('register.traces', () => void sdk.shutdown().catch(() => undefined)));
}
