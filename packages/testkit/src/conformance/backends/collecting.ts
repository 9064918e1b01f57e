import { parentPort, workerData } from 'node:worker_threads';
import { AggregationTemporality, type CollectionResult, InstrumentType, MeterProvider, type MetricProducer, MetricReader } from '@opentelemetry/sdk-metrics';
import { createMetricProducer, handOver, runtime, type TemporalityPreference } from '@tallyman/core';
import { type CollectedMetric, type Collection, collected, type Task } from './collected.ts';
import { recordFirst, recordSecond } from './script.ts';

/** A reader that is asked, with the temporality that an OTLP exporter of that preference selects. */
class AskedReader extends MetricReader {
  constructor(preference: TemporalityPreference, metricProducers: MetricProducer[]) {
    super({ metricProducers, aggregationTemporalitySelector: (type) => selected(preference, type) });
  }
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

function selected(preference: TemporalityPreference, type: InstrumentType): AggregationTemporality {
  const isLevel = type === InstrumentType.UP_DOWN_COUNTER || type === InstrumentType.OBSERVABLE_UP_DOWN_COUNTER;
  return preference === 'delta' && !isLevel ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
}

/** Collects by the readers: of our own provider, or of one that is not ours; `late` is found when our own has delivered values. */
async function collect({ backend, readers: preferences }: Task): Promise<Collection> {
  const producers = preferences.map((preference) => createMetricProducer(undefined, '1', preference));
  const readers = preferences.map(
    (preference, index) => new AskedReader(preference, backend === 'cells' ? [producers[index] as unknown as MetricProducer] : []),
  );
  const provider = new MeterProvider({ readers });
  const ask = (): Promise<CollectedMetric[][]> =>
    Promise.all(
      readers.map(async (reader, index) => {
        const { resourceMetrics, errors } = (await reader.collect()) as CollectionResult;
        if (errors.length > 0) throw errors[0];
        if (backend === 'cells') producers[index]?.send()(true);
        return collected(resourceMetrics.scopeMetrics);
      }),
    );
  if (backend === 'cells') runtime.registry.early = undefined;
  const own = createMetricProducer(undefined, '1');
  if (backend === 'late') runtime.registry.exporting = { provider: undefined, finish: (last) => own.finish(last) };
  recordFirst();
  if (backend !== 'cells') handOver(provider);
  const before = backend === 'late' ? collected(own.produce().scopeMetrics) : [];
  const steps = [await ask()];
  recordSecond();
  steps.push(await ask(), await ask());
  return { before, steps };
}

parentPort?.postMessage(await collect(workerData as Task));
