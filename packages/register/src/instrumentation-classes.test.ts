import { fileURLToPath } from 'node:url';
import { type Instrumentation, registerInstrumentations } from '@opentelemetry/instrumentation';
import { ConsoleMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { AiInstrumentation, measureCall } from '@tallyman/ai';
import { aiMetrics, aliases, httpMetrics, queueMetrics, selfMetrics, webhookMetrics } from '@tallyman/catalog';
import { channels, runtime } from '@tallyman/core';
import { HttpServerInstrumentation } from '@tallyman/http';
import { QueueInstrumentation, runAttempts, startAttempt } from '@tallyman/queues';
import {
  captureOtlp,
  nodeBinary,
  type OtlpCapture,
  type RunningProcess,
  type RunningRedis,
  recordedBy,
  requireServers,
  runApp,
  startRedis,
} from '@tallyman/testkit';
import { type OpenAIProvider, startOpenAIProvider } from '@tallyman/testkit/providers/openai';
import { reportVerification, WebhookInstrumentation } from '@tallyman/webhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const preload = fileURLToPath(new URL('../dist/preload.cjs', import.meta.url));
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

const { missing } = await requireServers('redis-server');

let provider: OpenAIProvider;
let ours: OtlpCapture;
let theirs: OtlpCapture;
beforeAll(async () => {
  provider = await startOpenAIProvider();
});
afterAll(() => provider.stop());
beforeEach(async () => {
  [ours, theirs] = await Promise.all([captureOtlp(), captureOtlp()]);
});
afterEach(() => Promise.all([ours.close(), theirs.close()]));

interface Running {
  readonly app: RunningProcess;
  readonly ask: (path?: string, times?: number) => Promise<void>;
}

async function start(entry: string, how: string, nodeFlags: readonly string[] = [], version?: string): Promise<Running> {
  const env = { ...ours.env, OTEL_METRIC_EXPORT_INTERVAL: '100', THEIRS: theirs.url, PROVIDER: provider.url, HOW: how };
  const app = await runApp({ entry: fixture(entry), nodeFlags, env, ...(version !== undefined && { nodePath: await nodeBinary(version) }) });
  const [, url = ''] = await app.ready(/listening on (\S+)/);
  const ask = async (path = '/', times = 1) => {
    for (let index = 0; index < times; index++) await (await fetch(`${url}${path}`)).text();
  };
  return { app, ask };
}

/** AI calls, verified webhooks and requests that one of the two was told of. */
function counts(capture: OtlpCapture) {
  return [aiMetrics.calls, aiMetrics.inferenceDuration, webhookMetrics.received, httpMetrics.requestDuration].map(({ name }) => capture.value(name) ?? 0);
}

const setUp = fixture('instrumentation.cjs');

describe("in an application's own SDK", () => {
  test.each([
    { what: 'CommonJS, NodeSDK', entry: 'calls.cjs', how: 'sdk', flags: [] },
    { what: 'ES modules, NodeSDK', entry: 'calls.mjs', how: 'sdk', flags: ['--import', setUp] },
    { what: 'CommonJS, NodeSDK, Node 22.15.0', entry: 'calls.cjs', how: 'sdk', flags: [], version: '22.15.0' },
    { what: 'ES modules, NodeSDK, Node 22.15.0', entry: 'calls.mjs', how: 'sdk', flags: ['--import', setUp], version: '22.15.0' },
    { what: 'ES modules, NodeSDK, Node 26.12.1', entry: 'calls.mjs', how: 'sdk', flags: ['--import', setUp], version: '26.12.1' },
    { what: 'CommonJS, registerInstrumentations', entry: 'calls.cjs', how: 'given', flags: [] },
    { what: 'ES modules, registerInstrumentations', entry: 'calls.mjs', how: 'given', flags: ['--require', setUp] },
    { what: 'the preload before it', entry: 'calls.mjs', how: 'sdk', flags: ['--require', preload, '--import', setUp] },
    { what: 'the preload after it', entry: 'calls.mjs', how: 'sdk', flags: ['--require', setUp, '--require', preload] },
    { what: 'the preload before it, CommonJS', entry: 'calls.cjs', how: 'given', flags: ['--require', preload] },
  ])('everything is counted once, and reported by it: $what', async ({ entry, how, flags, version }) => {
    const { app, ask } = await start(entry, how, flags, version);
    await ask('/', 3);
    await ask('/ignored');
    expect(await app.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(counts(theirs)).toEqual([4, 4, 4, 3]);
    expect(theirs.value(selfMetrics.errors.name) ?? 0).toBe(0);
    expect(theirs.series(aiMetrics.calls.name)[0]).toMatchObject({ scope: '@tallyman/ai', unit: '{call}' });
    expect(ours.requests).toHaveLength(0);
    expect(app.stderr.replace(/^\[tallyman\] the application's own OpenTelemetry SDK reports .*\n/, '')).toBe('');
  });

  test('a MeterProvider that is registered after the first records gets them too', async () => {
    const { app, ask } = await start('calls.cjs', 'later');
    await ask('/', 3);
    await ask('/register');
    await theirs.until(() => counts(theirs)[0] === 3);
    await ask('/', 2);
    await app.stop('SIGTERM');
    expect(counts(theirs)).toEqual([5, 5, 5, 6]);
  });

  test.each([{ flags: [] }, { flags: ['--require', preload] }])(
    'disabled they count nothing, enabled again they go on ($flags.length flags)',
    async ({ flags }) => {
      const { app, ask } = await start('calls.cjs', 'sdk', flags);
      await ask('/', 2);
      await ask('/disable');
      await ask('/', 3);
      await ask('/enable');
      await ask('/', 4);
      await app.stop('SIGTERM');
      expect(counts(theirs)).toEqual([6, 6, 6, 7]);
      expect(theirs.value(httpMetrics.activeRequests.name)).toBe(0);
    },
  );
});

describe.skipIf(missing)("jobs in an application's own SDK", () => {
  let redis: RunningRedis;
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(() => redis.stop());

  test.each([
    { what: 'alone', flags: [] },
    { what: 'beside the preload', flags: ['--require', preload] },
  ])('are measured once, and reported by it: $what', async ({ flags }) => {
    const env = { ...ours.env, OTEL_METRIC_EXPORT_INTERVAL: '100', THEIRS: theirs.url, REDIS_PORT: String(redis.port), HOW: 'sdk' };
    const app = await runApp({ entry: fixture('job.cjs'), nodeFlags: flags, env });
    await app.ready(/the job: sent/);
    expect(await app.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    const job = { 'queue.name': 'mail', 'job.type': 'welcome', 'queue.system': 'bullmq', outcome: 'ok' };
    expect(theirs.series(queueMetrics.jobDuration.name)).toMatchObject([{ scope: '@tallyman/queues', attributes: job, histogram: { count: 1 } }]);
    expect(theirs.value(queueMetrics.jobsActive.name)).toBe(0);
    expect(ours.requests).toHaveLength(0);
  });
});

describe('an instrumentation', () => {
  const all = (): Instrumentation[] => [new AiInstrumentation(), new HttpServerInstrumentation(), new QueueInstrumentation(), new WebhookInstrumentation()];

  test('has the interface of OpenTelemetry, and takes whatever it is given without throwing', () => {
    for (const one of all()) {
      expect([one.instrumentationName, one.instrumentationVersion]).toEqual([expect.stringMatching(/^@tallyman\//), expect.stringMatching(/^\d+\.\d+\.\d+/)]);
      for (const value of [undefined, null, 5, {}]) {
        expect(() => one.setTracerProvider(value as never)).not.toThrow();
        expect(() => one.setMeterProvider(value as never)).not.toThrow();
        expect(() => one.setConfig(value as never)).not.toThrow();
      }
      expect(one.getConfig()).toEqual({ enabled: true });
    }
    expect(runtime.registry.destination).toBeUndefined();
  });

  test('reports through the provider that it is given, in the same turn', async () => {
    const meterProvider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() })] });
    registerInstrumentations({ instrumentations: all(), meterProvider });
    await Promise.resolve();
    expect(runtime.registry.destination?.provider).toBe(meterProvider);
    runtime.registry.destination = undefined;
    await meterProvider.shutdown();
  });

  test('that is made disabled leaves enabling to others', () => {
    const one = new QueueInstrumentation({ enabled: false });
    expect(one.getConfig()).toEqual({ enabled: false });
    registerInstrumentations({ instrumentations: [one] });
    expect(runtime.registry.isPaused('@tallyman/queues')).toBe(false);
  });

  test("takes its domain's part of the configuration, and leaves out one that cannot be used", () => {
    const before = runtime.configuration;
    const one = new QueueInstrumentation({ depth: 'off' });
    expect(runtime.configuration.queues).toEqual({ depth: 'off' });
    one.setConfig({ depth: 'sometimes' } as never);
    expect(runtime.configuration.queues).toEqual({ depth: 'off' });
    expect(one.getConfig()).toEqual({ depth: 'off', enabled: true });
    one.setConfig({ generations: { images: 'image' } });
    expect(runtime.configuration).toEqual({ ...before, queues: { generations: { images: 'image' } } });
    runtime.configuration = before;
  });

  test('that is disabled leaves what was before', async () => {
    const instrumentations = all();
    const recorded = await recordedBy(() => {
      for (let calls = 0; calls < 5; calls++) measureCall({ operation: 'chat', provider: 'openai', requestModel: 'before' }).end('ok');
      for (const one of instrumentations) one.disable();
    });
    for (const one of instrumentations) one.enable();
    expect(recorded.value(aiMetrics.calls, { 'gen_ai.request.model': 'before', outcome: 'ok' })).toBe(5);
  });

  test('that is disabled keeps its domain from recording and publishing; levels are right when it is enabled again', async () => {
    const published: string[] = [];
    const end = [channels.aiCall, channels.job, channels.delivery].map((channel) => channel.subscribe(() => published.push(channel.name)));
    const work = () => {
      measureCall({ operation: 'chat', provider: 'openai', requestModel: 'm' }).end('ok');
      reportVerification('stripe', undefined, { kind: 'verified', event: { id: undefined, type: 't', createdMs: undefined, statements: [] } });
      attempt().end('ok');
    };
    const attempt = () => startAttempt({ queue: 'q', type: 't', system: 's', enqueuedAt: undefined, delayMs: 0, isFirstAttempt: true, carrier: undefined });
    const metrics = [
      aiMetrics.calls,
      aiMetrics.inferenceDuration,
      webhookMetrics.received,
      queueMetrics.jobDuration,
      queueMetrics.jobsActive,
      aliases.activeJobs,
    ];
    const instrumentations = all();
    for (const one of instrumentations) one.disable();
    let settle = (): void => undefined;
    const recorded = await recordedBy(() => {
      work();
      void runAttempts(
        [attempt()],
        () =>
          new Promise<void>((resolve) => {
            settle = resolve;
          }),
        () => undefined,
      );
    });
    expect(metrics.flatMap((metric) => recorded.series(metric))).toEqual([]);
    expect(published).toEqual([]);
    for (const one of instrumentations) one.enable();
    const resumed = await recordedBy(work);
    expect(metrics.slice(0, 4).map((metric) => resumed.value(metric) > 0)).toEqual([true, true, true, true]);
    expect(published).toEqual(['tallyman:ai.call', 'tallyman:webhook.delivery', 'tallyman:queue.job']);
    const settled = await recordedBy(() => settle());
    expect(settled.series(queueMetrics.jobsActive)).toMatchObject([{ value: -1 }]);
    for (const stop of end) stop();
  });
});
