import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, type MetricProducer, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { allAliases, allMetrics, featureMetrics, promName } from '@tallyman/catalog';
import { bindMetrics, createMetricProducer } from '@tallyman/core';
import { startCollector, startPrometheus } from '@tallyman/testkit';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { resourceAttributes } from '../identity.ts';
import { hostileNumber, hostileText, hostileValue, made, parameters } from './hostile.test.data.ts';
import { expectStored, findings, judges, type Page, samplesOf, servePage } from './judges.test.kit.ts';

bindMetrics(featureMetrics).usage(3, { feature: 'cv_parse', outcome: 'ok' });

const OURS: ReadonlySet<string> = new Set([...allMetrics, ...allAliases].map(promName));

const key = fc.oneof(
  hostileText,
  fc.constantFrom(
    'a.b',
    'a_b',
    'a-b',
    'a__b',
    'A.b',
    '9a',
    '_a',
    '__a',
    '',
    ' ',
    'le',
    'quantile',
    'job',
    'instance',
    'service',
    'service.name',
    'service_name',
    '__name__',
    'ключ',
    '漢',
  ),
  fc.constantFrom('service.instance.id', 'service.version', 'telemetry.sdk.name', 'otel_scope_name', 'process.pid'),
);

/** As a shell would hand it over: percent-encoded, now and then wrongly. */
function environment(pairs: readonly (readonly [string, string])[], name: string): Record<string, string> {
  const encoded = pairs.map(([k, v]) => `${encodeURIComponent(k.toWellFormed())}=${v === '%zz' ? v : encodeURIComponent(v.toWellFormed())}`);
  return {
    OTEL_RESOURCE_ATTRIBUTES: encoded.join(',').replaceAll('\0', ''),
    OTEL_SERVICE_NAME: encodeURIComponent(name.toWellFormed()) === name ? name : name.replaceAll('\0', '').toWellFormed(),
  };
}

function attributesUnder(env: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    return resourceAttributes();
  } finally {
    vi.unstubAllEnvs();
  }
}

afterEach(() => vi.unstubAllEnvs());

const resources = fc
  .sample(fc.tuple(fc.array(fc.tuple(key, hostileText), { minLength: 1, maxLength: 25 }), hostileText), { ...parameters, numRuns: 12 })
  .map(([pairs, name]) => attributesUnder(environment(pairs, name)));

test('resource attributes are bounded text, and few lines tell of those that cannot be read', () => {
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const attributes = attributesUnder({
    OTEL_RESOURCE_ATTRIBUTES: `${Array.from({ length: 100 }, (_, index) => `k${index}=%zz`).join(',')},long=${'x'.repeat(50_000)}`,
  });
  expect(written.mock.calls.length).toBeLessThan(3);
  written.mockRestore();
  for (const all of [attributes, ...resources])
    for (const value of Object.values(all)) expect(value).toSatisfy((text: string) => text.length <= 255 && text.isWellFormed() && !/\p{Cc}/u.test(text));
});

/** Sends what is in this process as these resources, in both forms of OTLP. */
async function sendAs(all: readonly Readonly<Record<string, string>>[], url: string): Promise<void> {
  for (const [index, resource] of all.entries()) {
    const exporter = new (index % 2 === 0 ? JsonExporter : ProtobufExporter)({ url: `${url}/v1/metrics` });
    const metricProducers = [createMetricProducer({ attributes: {} }, '0') as unknown as MetricProducer];
    const readers = [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000, metricProducers })];
    const provider = new MeterProvider({ resource: resourceFromAttributes({ ...resource, 'service.instance.id': `${index}` }), readers });
    await provider.forceFlush();
    await provider.shutdown();
  }
}

/** Records what an application may, on a MeterProvider that is ours. */
function recordAsApplication(provider: MeterProvider): void {
  const kinds = ['Counter', 'UpDownCounter', 'Gauge', 'Histogram'] as const;
  const names = ['own', 'own.duration', 'own_duration', 'feature.usage', 'feature_usage_total', 'target_info', '%', 'x'.repeat(300), 'Own'];
  const attributes = fc.dictionary(key, hostileValue, { maxKeys: 6, noNullPrototype: true });
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.constantFrom(...names),
      fc.constantFrom('one', 'two'),
      attributes,
      hostileNumber,
      (kind, name, scope, given, value) => {
        const instrument = provider.getMeter(scope)[`create${kind}`](name, { unit: 's' });
        const members = Object.fromEntries(Object.entries(given).map(([k, v]) => [k, made(v)])) as never;
        try {
          if ('record' in instrument) instrument.record(value, members);
          else instrument.add(value, members);
        } catch {
          // The SDK itself refuses some values, such as a BigInt, whoever has set it up.
        }
      },
    ),
    parameters,
  );
}

test.skipIf(judges.missing)('promtool, Prometheus and the collector take every sample, whatever the resource and the attributes of own metrics', async () => {
  const collector = await startCollector();
  const pages = await Promise.all([{ 'service.name': 'shop' }, ...resources].map((resource) => servePage(resource)));
  const prometheus = await startPrometheus({ targets: pages.map(({ address }) => address), collector });
  try {
    recordAsApplication((pages[0] as Page).provider);
    await sendAs(resources, collector.otlpUrl);
    expect(collector.logs).not.toMatch(/\terror\t/);
    const texts = Object.fromEntries(
      await Promise.all([
        ...pages.map(async ({ address, text }) => [address, await text()]),
        collector.metrics().then((text) => [collector.metricsAddress, text]),
      ]),
    ) as Record<string, string>;
    for (const text of Object.values(texts)) {
      // The style of names that somebody has chosen is not ours.
      expect((await findings(text)).filter((line) => OURS.has(line.split(' ', 1)[0] ?? ''))).toEqual([]);
    }
    const usage = /^feature_usage_total\{.*outcome="ok".*\} 3$/gm;
    expect(texts[(pages[0] as Page).address]).toContain('feature_usage_total{service="shop",feature="cv_parse",outcome="ok"} 3');
    expect(texts[collector.metricsAddress]?.match(usage)).toHaveLength(resources.length);
    await prometheus.until('count(feature_usage_total{outcome="ok"} == 3)', ([one]) => one?.value === pages.length + resources.length);
    await expectStored(prometheus, Object.fromEntries(Object.entries(texts).map(([address, text]) => [address, samplesOf(text).length])));
  } finally {
    await prometheus.stop();
    await collector.stop();
    await Promise.all(pages.map((page) => page.close()));
  }
});
