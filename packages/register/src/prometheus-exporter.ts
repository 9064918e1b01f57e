import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { AggregationTemporality, DataPointType, type MetricData, type MetricProducer, MetricReader } from '@opentelemetry/sdk-metrics';
import { type InstrumentKind, promLabel, promName } from '@tallyman/catalog';

/** Reads all metrics as the text of a `/metrics` page, with the collector's names and its label `service`: what Prometheus reads is the same on both paths. */
export class CollectorNamesPrometheusReader extends MetricReader {
  readonly #serializer = new PrometheusSerializer('', false, undefined, false, true);
  readonly #stop: () => Promise<void>;

  /** `stop` is called when the reader is shut down. */
  constructor(metricProducers: MetricProducer[], stop: () => Promise<void>) {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE, metricProducers });
    this.#stop = stop;
  }

  /** The page, in Prometheus's text format 0.0.4. */
  async page(): Promise<string> {
    const { resourceMetrics } = await this.collect();
    const { attributes } = resourceMetrics.resource;
    const service = String(attributes['service.name'] ?? '');
    const scopeMetrics = resourceMetrics.scopeMetrics.map(({ scope, metrics }) => ({ scope, metrics: metrics.map((metric) => translate(metric, service)) }));
    const resource = { ...resourceMetrics.resource, attributes: labels(Object.entries(attributes)) };
    return this.#serializer.serialize({ resource, scopeMetrics } as typeof resourceMetrics);
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return this.#stop();
  }
}

function translate(metric: MetricData, service: string): MetricData {
  const { name, unit } = metric.descriptor;
  const instrument = kindOf(metric);
  // A bucket has its own label le.
  const reserved = instrument === 'histogram' ? ['le'] : [];
  return {
    ...metric,
    // The unit is part of the name now; as a comment of its own it would repeat annotations such as {token}.
    descriptor: { ...metric.descriptor, name: promName({ name, unit, instrument }), unit: '' },
    dataPoints: metric.dataPoints.map((point) => ({ ...point, attributes: labels([['service', service], ...Object.entries(point.attributes)], reserved) })),
  } as MetricData;
}

/** The labels of attributes. Of two that become the same label the first stays: a name that comes twice would make Prometheus refuse the whole page. */
function labels(entries: readonly (readonly [string, unknown])[], reserved: readonly string[] = []): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const taken = new Set(reserved);
  for (const [key, value] of entries) {
    const label = promLabel(key);
    // The serialiser writes several underscores as one.
    const written = label.replace(/_{2,}/g, '_');
    if (taken.has(written)) continue;
    taken.add(written);
    result[label] = value;
  }
  return result;
}

function kindOf(metric: MetricData): InstrumentKind {
  if (metric.dataPointType === DataPointType.SUM) return metric.isMonotonic ? 'counter' : 'updowncounter';
  return metric.dataPointType === DataPointType.GAUGE ? 'gauge' : 'histogram';
}
