import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import type { CollectionResult, MetricData } from '@opentelemetry/sdk-metrics';
import { type InstrumentKind, promLabel, promName } from '@tallyman/catalog';

/** A `/metrics` endpoint with the collector's names and its label `service`: what Prometheus reads is the same on both paths. */
export class CollectorNamesPrometheusExporter extends PrometheusExporter {
  override async collect(...args: Parameters<PrometheusExporter['collect']>): Promise<CollectionResult> {
    const { errors, resourceMetrics } = await super.collect(...args);
    const service = String(resourceMetrics.resource.attributes['service.name'] ?? '');
    const scopeMetrics = resourceMetrics.scopeMetrics.map(({ scope, metrics }) => ({ scope, metrics: metrics.map((metric) => translate(metric, service)) }));
    return { errors, resourceMetrics: { resource: resourceMetrics.resource, scopeMetrics } };
  }
}

function translate(metric: MetricData, service: string): MetricData {
  const { name, unit, type, description } = metric.descriptor;
  const instrument = KINDS[type] ?? 'gauge';
  return {
    ...metric,
    // The unit is part of the name now; as a comment of its own it would repeat annotations such as {token}.
    descriptor: { ...metric.descriptor, name: promName({ name, unit, instrument }), unit: '', description },
    dataPoints: metric.dataPoints.map((point) => ({
      ...point,
      attributes: Object.fromEntries([['service', service], ...Object.entries(point.attributes).map(([key, value]) => [promLabel(key), value])]),
    })),
  } as MetricData;
}

const KINDS: Readonly<Record<string, InstrumentKind>> = {
  COUNTER: 'counter',
  OBSERVABLE_COUNTER: 'counter',
  UP_DOWN_COUNTER: 'updowncounter',
  OBSERVABLE_UP_DOWN_COUNTER: 'updowncounter',
  HISTOGRAM: 'histogram',
  GAUGE: 'gauge',
  OBSERVABLE_GAUGE: 'gauge',
};
