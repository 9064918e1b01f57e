import type { MeterProvider } from '@opentelemetry/api';

/** What sdk-metrics 2 and 3 keep of a MeterProvider's meters and readers; private there. */
interface SharedState {
  readonly _sharedState?: {
    readonly metricCollectors?: readonly unknown[];
    readonly meterSharedStates?: Map<unknown, { readonly _instrumentationScope?: { readonly name?: string }; readonly metricStorageRegistry?: Storages }>;
  };
}

interface Storages {
  readonly _sharedRegistry?: Map<string, unknown>;
  readonly _perCollectorRegistry?: Map<unknown, Map<string, unknown>>;
}

/**
 * The names of the metrics that others have made on a MeterProvider so far, such as `http.server.request.duration` of instrumentation-http: a second one of
 * the name would count the same twice. Empty for a MeterProvider that is not that of sdk-metrics 2 or 3.
 */
export function theirMetrics(provider: MeterProvider): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { _instrumentationScope: scope, metricStorageRegistry: storages } of (provider as SharedState)._sharedState?.meterSharedStates?.values() ?? []) {
    if (scope?.name?.startsWith('@tallyman/') === true) continue;
    for (const registry of [storages?._sharedRegistry, ...(storages?._perCollectorRegistry?.values() ?? [])]) {
      for (const name of registry?.keys() ?? []) names.add(name);
    }
  }
  return names;
}

/** Whether a MeterProvider of sdk-metrics 2 or 3 has no reader, so that nothing that it is given leaves the process. */
export function isWithoutReaders(provider: MeterProvider): boolean {
  return (provider as SharedState)._sharedState?.metricCollectors?.length === 0;
}
