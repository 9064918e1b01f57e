import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { type CollectionResult, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { type InstrumentKind, promLabel, promName } from '@tallyman/catalog';

/** A `/metrics` endpoint with the collector's names and its label `service`: what Prometheus reads is the same on both paths. */
export class CollectorNamesPrometheusExporter extends PrometheusExporter {
  /** The HTTP server, which the SDK keeps to itself. */
  get server(): object {
    return (this as unknown as { readonly _server: object })._server;
  }

  override async collect(...args: Parameters<PrometheusExporter['collect']>): Promise<CollectionResult> {
    const { errors, resourceMetrics } = await super.collect(...args);
    const service = String(resourceMetrics.resource.attributes['service.name'] ?? '');
    const scopeMetrics = resourceMetrics.scopeMetrics.map(({ scope, metrics }) => ({ scope, metrics: metrics.map((metric) => translate(metric, service)) }));
    return { errors, resourceMetrics: { resource: resourceMetrics.resource, scopeMetrics } };
  }
}

function translate(metric: MetricData, service: string): MetricData {
  const { name, unit } = metric.descriptor;
  const instrument = kindOf(metric);
  return {
    ...metric,
    // The unit is part of the name now; as a comment of its own it would repeat annotations such as {token}.
    descriptor: { ...metric.descriptor, name: promName({ name, unit, instrument }), unit: '' },
    dataPoints: metric.dataPoints.map((point) => ({
      ...point,
      attributes: Object.fromEntries([['service', service], ...Object.entries(point.attributes).map(([key, value]) => [promLabel(key), value])]),
    })),
  } as MetricData;
}

function kindOf(metric: MetricData): InstrumentKind {
  if (metric.dataPointType === DataPointType.SUM) return metric.isMonotonic ? 'counter' : 'updowncounter';
  return metric.dataPointType === DataPointType.GAUGE ? 'gauge' : 'histogram';
}
