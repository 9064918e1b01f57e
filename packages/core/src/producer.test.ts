import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricProducer,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { queueMetrics } from '@tallyman/catalog';
import { expect, test } from 'vitest';
import { bindMetrics } from './bind-metrics.ts';
import { createMetricProducer } from './producer.ts';

test("the SDK's readers export all series through the producer, beside the SDK's own instruments", async () => {
  const queues = bindMetrics(queueMetrics);
  queues.retries(2, { 'queue.name': 'q' });
  queues.jobsActive(3, { 'queue.name': 'q' });
  queues.depth(7, { 'queue.name': 'q', state: 'waiting' });
  queues.jobWait(0.3, { 'queue.name': 'q', 'queue.system': 's' });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const metricProducers = [createMetricProducer(undefined, '1.2.3') as unknown as MetricProducer];
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000, metricProducers })] });
  provider.getMeter('app').createCounter('app.own').add(1);
  await provider.forceFlush();
  const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  const find = (name: string) => metrics.find(({ descriptor }) => descriptor.name === name);
  expect(find('app.own')?.dataPoints[0]?.value).toBe(1);
  expect(find(queueMetrics.retries.name)).toMatchObject({
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints: [{ attributes: { 'queue.name': 'q' }, value: 2 }],
  });
  expect(find(queueMetrics.jobsActive.name)).toMatchObject({ dataPointType: DataPointType.SUM, isMonotonic: false, dataPoints: [{ value: 3 }] });
  expect(find(queueMetrics.depth.name)).toMatchObject({ dataPointType: DataPointType.GAUGE, dataPoints: [{ value: 7 }] });
  const wait = find(queueMetrics.jobWait.name);
  expect(wait).toMatchObject({
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: [{ value: { sum: 0.3, count: 1, buckets: { boundaries: queueMetrics.jobWait.buckets } } }],
  });
  await provider.shutdown();
});
