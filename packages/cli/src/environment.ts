import { createRequire } from 'node:module';
import { UsageError } from './usage-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** How often the command exports, in milliseconds. */
const INTERVAL = 1000;

/**
 * The file of the preload.
 *
 * Throws a {@link UsageError} when the package is not installed beside this one, or not built.
 */
export function preloadPath(): string {
  try {
    return createRequire(import.meta.url).resolve('@tallyman/register');
  } catch {
    throw new UsageError('@tallyman/register is not there: install it beside tallyman (in the repository: npm run demo builds it)', 1);
  }
}

/** The environment in which a command, and every Node process that it starts, runs under the preload and exports its metrics to the endpoint. */
export function measuredEnvironment(base: Environment, endpoint: string, preload: string): NodeJS.ProcessEnv {
  const interval = Math.min(milliseconds(base.OTEL_METRIC_EXPORT_INTERVAL), INTERVAL);
  return {
    ...base,
    NODE_OPTIONS: [`--require ${quote(preload)}`, base.NODE_OPTIONS].filter(Boolean).join(' '),
    OTEL_METRICS_EXPORTER: 'otlp',
    // The variables of metrics alone: an application's traces and logs go where they went before.
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'cumulative',
    OTEL_METRIC_EXPORT_INTERVAL: String(interval),
    // An SDK refuses a timeout beyond its interval.
    OTEL_METRIC_EXPORT_TIMEOUT: String(Math.min(milliseconds(base.OTEL_METRIC_EXPORT_TIMEOUT), interval)),
  };
}

function milliseconds(text: string | undefined): number {
  const value = Number(text);
  return value > 0 ? value : Number.POSITIVE_INFINITY;
}

/** Node splits NODE_OPTIONS at spaces outside double quotes; inside them a backslash escapes. */
function quote(path: string): string {
  return `"${path.replace(/[\\"]/g, '\\$&')}"`;
}
