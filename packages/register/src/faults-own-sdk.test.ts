import { fileURLToPath } from 'node:url';
import { metrics } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { AiInstrumentation, measureCall } from '@tallyman/ai';
import { featureOfJob, handOver, runtime, watchForMeterProvider } from '@tallyman/core';
import { runApp } from '@tallyman/testkit';
import { type Act, faultConformance, InjectedFault, placesIn } from '@tallyman/testkit/conformance/faults';
import { describe, expect, test } from 'vitest';

const core = new URL('../../core/src/', import.meta.url);
const HOOK = placesIn(core).filter((where) => where.startsWith('hook.'));
/** Passed by requests and in other suites. */
const elsewhere = (where: string): boolean => where.startsWith('request.') || HOOK.includes(where) || /^attribution\.(route|configuration)$/.test(where);
const OURS = /^@tallyman\//;

class Reader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

/** An application's own SDK: what it collects of the application itself, while Tallyman reports through it too. */
async function collected(variant: 'bare' | 'measured', take: (provider: MeterProvider) => void): Promise<unknown> {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  const counter = provider.getMeter('application').createCounter('orders');
  counter.add(1);
  if (variant === 'measured') take(provider);
  const call = measureCall({ operation: 'chat', provider: 'openai', requestModel: 'gpt-5' });
  call.chunk();
  call.end('ok');
  counter.add(2);
  const { resourceMetrics, errors } = await reader.collect();
  runtime.registry.destination = undefined;
  const own = resourceMetrics.scopeMetrics.filter(({ scope }) => !OURS.test(scope.name));
  return [errors, own.map(({ scope, metrics: all }) => [scope.name, all.map(({ dataPoints }) => dataPoints.map(({ value }) => value))])];
}

function registered(provider: MeterProvider): void {
  metrics.setGlobalMeterProvider(provider);
  watchForMeterProvider();
  metrics.disable();
}

describe('an application with an SDK of its own', () => {
  runtime.beforeRead.add(() => undefined);
  const instrument: Act = (variant) => {
    if (variant === 'bare') return 'instrumented';
    const instrumentation = new AiInstrumentation();
    instrumentation.setConfig({ enabled: true });
    instrumentation.disable();
    instrumentation.enable();
    return 'instrumented';
  };
  faultConformance({
    acts: {
      'hands its provider over': (variant) => collected(variant, (provider) => handOver(provider)),
      'registers its provider': (variant) => collected(variant, registered),
      'uses an instrumentation': instrument,
      'has a job': (variant) => (variant === 'bare' ? undefined : featureOfJob('cv-queue', 'parse')),
    },
    // Adapters are hooked once in a process, and a provider is looked for until there is one.
    background: placesIn(core).filter((where) => /^(hook|hand-over|read$)/.test(where)),
    places: placesIn(core).filter((where) => !elsewhere(where)),
  });

  test.each(['createCounter', 'createHistogram', 'createObservableCounter', 'createObservableGauge'] as const)(
    'has a provider whose meters throw in %s: its calls go on',
    async (method) => {
      const refuse = () => {
        throw new InjectedFault(method);
      };
      const broken = (provider: MeterProvider) => {
        const { getMeter } = provider;
        provider.getMeter = (...args) => Object.assign(getMeter.apply(provider, args), { [method]: refuse });
        handOver(provider);
        provider.getMeter = getMeter;
      };
      expect(await collected('measured', broken)).toEqual(await collected('bare', broken));
    },
  );
});

test.each(HOOK.flatMap((where) => ['before', 'after'].map((when) => ({ where, when }))))(
  'modules load whatever fails $when $where',
  async ({ where, when }) => {
    const failing = `
    import { createRequire } from 'node:module';
    import { installHook, runtime } from '@tallyman/core';
    import { adapters } from '@tallyman/ai';
    let times = 0;
    runtime.guarded = (place, work) => {
      if (place !== '${where}') return work();
      if ('${when}' === 'after') work();
      times += 1;
      throw new Error('fault');
    };
    installHook(adapters.map((adapter) => ({ ...adapter, start() {} })));
    const { OpenAI } = await import('openai');
    const required = createRequire(import.meta.url)('openai').OpenAI;
    console.log(typeof OpenAI, typeof required, new OpenAI({ apiKey: 'none' }).chat.completions.create.name, times > 0);`;
    const app = await runApp({ cwd: fileURLToPath(new URL('.', import.meta.url)), args: ['--input-type=module', '-e', failing] });
    const { code } = await app.ended;
    expect({ code, stdout: app.stdout.trim() }, app.stderr).toEqual({ code: 0, stdout: 'function function create true' });
  },
);
