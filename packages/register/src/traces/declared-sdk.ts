import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { globalMeterProvider, log } from '@tallyman/core';
import { codeOf } from '../settings/read-configuration.ts';
import { text } from '../settings/variables.ts';
import { httpInstrumentation } from './http-instrumentation.ts';

/** What providers of the SDK have beside the API's methods. */
interface Flushable {
  forceFlush?(): Promise<void>;
  getDelegate?(): Flushable;
}

interface Api {
  readonly trace: { getTracerProvider(): Flushable };
}

/**
 * Starts the SDK that `OTEL_CONFIG_FILE` declares (sdk-node 0.301, `startNodeSdk`). Its MeterProvider is registered globally, so that it takes over our
 * metrics as any other SDK of the application would; without one, or when the file cannot be used, they go where `OTEL_METRICS_EXPORTER` says.
 */
export function startDeclaredSdk(): void {
  const file = text('OTEL_CONFIG_FILE');
  if (file === undefined) return;
  const declaration = read(file);
  if (declaration === undefined) return;
  const require = createRequire(__filename);
  const { startNodeSdk } = require('@opentelemetry/sdk-node') as { startNodeSdk: (options: object) => unknown };
  const { trace } = require('@opentelemetry/api') as Api;
  const hasTraces = /^["']?tracer_provider["']?\s*:/m.test(declaration);
  startNodeSdk({ instrumentations: hasTraces ? [httpInstrumentation(require)] : [] });
  // The application has loaded them already; instrumentation-http patches them when they are asked for again.
  if (hasTraces) for (const name of ['node:http', 'node:https']) require(name);
  const tracer = trace.getTracerProvider();
  const providers = [globalMeterProvider() as Flushable | undefined, tracer.getDelegate?.() ?? tracer].filter((provider) => provider?.forceFlush !== undefined);
  if (providers.length === 0) {
    log('warn', `OTEL_CONFIG_FILE=${file} declares no SDK that can be started (OpenTelemetry says why); metrics go where OTEL_METRICS_EXPORTER says`);
    return;
  }
  process.once('beforeExit', () => {
    for (const provider of providers) void provider?.forceFlush?.().catch(() => undefined);
  });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    log('warn', `OTEL_CONFIG_FILE=${file} cannot be read (${codeOf(error)}); metrics go where OTEL_METRICS_EXPORTER says`);
    return undefined;
  }
}
