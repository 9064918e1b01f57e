import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, type MetricData, type MetricProducer, MetricReader } from '@opentelemetry/sdk-metrics';
import { labelsOf, merge, translate } from './families.ts';

/** Reads all metrics as the text of a `/metrics` page, with the collector's names and its label `service`: what Prometheus reads is the same on both paths, whatever the attributes. */
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
    const own = resourceMetrics.scopeMetrics
      .filter(isOurs)
      .map(({ scope, metrics }) => ({ scope, metrics: metrics.map((metric) => translate(metric, service)) }));
    const taken = new Set(['target_info', ...own.flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name))]);
    const others = resourceMetrics.scopeMetrics.filter((one) => !isOurs(one)).flatMap(({ metrics }): readonly MetricData[] => metrics);
    const scopeMetrics = [...own, { scope: { name: '' }, metrics: merge(others, service, taken) }];
    return this.#serializer.serialize({ resource: resourceFromAttributes(labelsOf(attributes)), scopeMetrics });
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return this.#stop();
  }
}

type ScopeMetrics = Awaited<ReturnType<MetricReader['collect']>>['resourceMetrics']['scopeMetrics'][number];

function isOurs({ scope }: ScopeMetrics): boolean {
  return scope.name.startsWith('@tallyman/');
}
