import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { MeterProvider, type MetricProducer, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { allAliases, allMetrics, type Metric, promLabel, promName } from '@tallyman/catalog';
import { bindMetrics, createMetricProducer } from '@tallyman/core';
import { describe, expect, test } from 'vitest';
import { requireServers } from './servers/binaries.ts';
import { startCollector } from './servers/collector.ts';

const servers = await requireServers('otelcol');

/** One valid value for each attribute, with the ones given fixed. */
function sample(metric: Metric, fixed: Readonly<Record<string, string | undefined>> = {}): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(metric.attributes).map(([key, attribute]) => [key, fixed[key] ?? attribute.values?.[0] ?? (attribute.type === 'int' ? 200 : 'sample')]),
  );
}

function recordEverything(): void {
  for (const metric of allMetrics) record(metric, sample(metric));
  for (const alias of allAliases) for (const source of alias.from) record(source as Metric, sample(source as Metric, alias.where));
}

function record(metric: Metric, attributes: Record<string, string | number>): void {
  const { only } = bindMetrics({ only: { ...metric, siblings: [] } });
  (only as unknown as (value: number, attributes: object) => void)(1, attributes);
}

/** Family names and their label names, as the collector exposes them. */
function families(exposition: string): Map<string, Set<string>> {
  const result = new Map<string, Set<string>>();
  for (const line of exposition.split('\n')) {
    const [, name, labels = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    const known = result.get(name) ?? new Set();
    for (const [, label] of labels.matchAll(/(\w+)="/g)) if (label !== undefined) known.add(label);
    result.set(name, known);
  }
  return result;
}

describe.skipIf(servers.missing)('names', () => {
  test('promName and promLabel give what the real collector gives, for every metric and every alias', async () => {
    const collector = await startCollector();
    try {
      recordEverything();
      const metricProducers = [createMetricProducer(undefined, '0') as unknown as MetricProducer];
      const exporter = new OTLPMetricExporter({ url: `${collector.otlpUrl}/v1/metrics` });
      const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000, metricProducers })] });
      await provider.forceFlush();
      await provider.shutdown();
      const exposed = families(await collector.metrics());
      for (const metric of [...allMetrics, ...allAliases]) {
        const name = promName(metric);
        const expected = metric.instrument === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
        for (const series of expected) {
          const labels = exposed.get(series);
          expect(labels, `${metric.name} -> ${series}`).toBeDefined();
          for (const attribute of Object.keys(metric.attributes)) expect(labels, `${series} {${attribute}}`).toContain(promLabel(attribute));
        }
      }
    } finally {
      await collector.stop();
    }
  });
});
