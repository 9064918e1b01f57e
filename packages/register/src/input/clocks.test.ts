import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { instrumentOpenAI } from '@tallyman/ai';
import { aiMetrics, featureMetrics, httpMetrics, type MetricSpec, queueMetrics, selfMetrics, webhookMetrics } from '@tallyman/catalog';
import { type Configuration, channels, createMetricProducer, onRequestEnd, type ProducedMetrics, runtime } from '@tallyman/core';
import { feature, startFeatures } from '@tallyman/features';
import { startHttp } from '@tallyman/http';
import { instrumentBullMQ } from '@tallyman/queues/bullmq';
import { type OpenAIProvider, startOpenAIProvider } from '@tallyman/testkit/providers/openai';
import { instrumentStripe } from '@tallyman/webhooks/stripe';
import fc from 'fast-check';
import OpenAI from 'openai';
import Stripe from 'stripe';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parameters } from './hostile.test.data.ts';

class Worker {
  callProcessJob(_job: Job, handler: () => void): void {
    handler();
  }
  emit(..._event: unknown[]): void {}
}
class Job {
  readonly name = 'parse';
  readonly queueName = 'clocks';
  readonly opts = {};
  readonly timestamp = Date.now();
  readonly attemptsStarted = 1;
  async moveToCompleted(): Promise<void> {}
}

const SECRET = 'whsec_clocks';
const stripe = new Stripe('sk_test_unused');
const server = createServer((request, response) => void serve(request, response));
let provider: OpenAIProvider;
let client: OpenAI;
/** Chunks of answers that the application has got. */
let chunks = 0;

beforeAll(async () => {
  runtime.configuration = { user: ({ headers }: IncomingMessage) => headers['x-user'] } as Configuration;
  startHttp();
  startFeatures();
  instrumentStripe(stripe);
  instrumentBullMQ({ Worker, Job });
  provider = await startOpenAIProvider({ chunks: 3 });
  client = instrumentOpenAI(new OpenAI({ apiKey: 'unused', baseURL: provider.url, maxRetries: 0 }));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await provider.stop();
});

/** Milliseconds that the clock of the day and the monotonic one jump by, as after a suspension, or when somebody sets them. */
const jump = fc.oneof(fc.constant(0), fc.integer({ min: -12 * 3_600_000, max: 12 * 3_600_000 }));
const jumps = fc.array(fc.record({ date: jump, monotonic: jump }), { minLength: 1, maxLength: 7 });
const clocks = { date: Date.now.bind(Date), monotonic: performance.now.bind(performance) };
const offsets = { date: 0, monotonic: 0 };
let leaps: readonly (typeof offsets)[] = [];
let leapt = 0;

/** Lets both clocks make their next jump. */
function leap(): void {
  const { date, monotonic } = leaps[leapt++ % leaps.length] ?? { date: 0, monotonic: 0 };
  offsets.date += date;
  offsets.monotonic += monotonic;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  leap();
  const payload = await text(request);
  // Without a tolerance: that of Stripe's SDK goes by the clock that jumps.
  stripe.webhooks.constructEvent(payload, request.headers['stripe-signature'] ?? '', SECRET, 0);
  leap();
  const stream = await client.chat.completions.create({ model: 'gpt-5', messages: [], stream: true });
  for await (const _chunk of stream) {
    chunks += 1;
    leap();
  }
  response.end();
}

/** Sends a delivery of an event that happened `ageSeconds` ago, and waits until its request has ended. */
async function deliver(user: string, ageSeconds: number): Promise<void> {
  const payload = JSON.stringify({ id: `evt_${leapt}_${user}`, type: 'invoice.created', created: Math.floor(Date.now() / 1000) - ageSeconds });
  const headers = { 'x-user': user, 'stripe-signature': stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET }) };
  const ended = new Promise<void>((resolve) => {
    const stop = onRequestEnd(({ request }) => {
      if (request.headers['x-user'] === undefined) return;
      stop();
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/hook`, { method: 'POST', headers, body: payload });
  await Promise.all([response.text(), ended]);
}

async function work(): Promise<void> {
  const job = new Job();
  const worker = new Worker();
  leap();
  worker.callProcessJob(job, leap);
  await job.moveToCompleted();
  worker.emit('completed', job);
}

interface Point {
  readonly key: string;
  readonly window: unknown;
  /** Seconds since the epoch. */
  readonly starts: number;
  readonly ends: number;
  /** A histogram's measurements; of another its value. */
  readonly count: number;
  readonly sum: number;
}

/** The points of counters and histograms, or those of one metric. */
function pointsOf({ scopeMetrics }: ProducedMetrics, only?: MetricSpec): Point[] {
  return scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .filter(({ descriptor, isMonotonic, dataPointType }) => (only === undefined ? isMonotonic === true || dataPointType === 0 : descriptor.name === only.name))
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, startTime, endTime, value }) => {
        const { count, sum } = typeof value === 'number' ? { count: value, sum: value } : (value as { count: number; sum: number });
        const [starts, ends] = [startTime, endTime].map(([seconds, nanoseconds]) => seconds + nanoseconds / 1e9) as [number, number];
        return { key: `${descriptor.name} ${JSON.stringify(attributes)}`, window: attributes.window, starts, ends, count, sum };
      }),
    );
}

/** What a backend knows of the series that one producer hands over. */
class Backend {
  readonly #producer: ReturnType<typeof createMetricProducer>;
  readonly #isDelta: boolean;
  readonly #known = new Map<string, Point>();

  constructor(preference: 'cumulative' | 'delta') {
    this.#isDelta = preference === 'delta';
    this.#producer = createMetricProducer({ attributes: {} }, '0', preference);
  }

  /** Takes the values of this moment, each of which must be one that a clock cannot have spoilt. */
  take(): ProducedMetrics {
    const produced = this.#producer.produce();
    for (const point of pointsOf(produced)) {
      const { count = 0, sum = 0 } = this.#known.get(point.key) ?? {};
      expect(point.ends, point.key).toBeGreaterThanOrEqual(point.starts);
      const total = this.#isDelta ? { ...point, count: count + point.count, sum: sum + point.sum } : point;
      for (const value of [total.count, total.sum]) expect(value, point.key).toSatisfy(Number.isFinite);
      expect(total.count, point.key).toBeGreaterThanOrEqual(count);
      expect(total.sum, point.key).toBeGreaterThanOrEqual(sum);
      this.#known.set(point.key, total);
    }
    this.#producer.send()(true);
    return produced;
  }

  /** How often something has happened, over all series of the metric. */
  count({ name }: MetricSpec): number {
    return [...this.#known.values()].filter(({ key }) => key.startsWith(`${name} `)).reduce((total, { count }) => total + count, 0);
  }
}

test('whatever clocks do, no time is negative or no number, no point starts after its end, and each event is counted once', { timeout: 120_000 }, async () => {
  const seconds: (number | undefined)[] = [];
  let deliveries = 0;
  const stops = [
    ...[channels.featureUse, channels.job, channels.aiCall, channels.delivery].map(({ subscribe }) =>
      subscribe(({ durationSeconds }: { readonly durationSeconds: number }) => void seconds.push(durationSeconds)),
    ),
    channels.job.subscribe(({ waitSeconds }) => void seconds.push(waitSeconds)),
  ];
  vi.spyOn(Date, 'now').mockImplementation(() => clocks.date() + offsets.date);
  vi.spyOn(performance, 'now').mockImplementation(() => clocks.monotonic() + offsets.monotonic);
  const backends = [new Backend('cumulative'), new Backend('delta')];
  const users = new Set<string>();
  const user = fc.nat({ max: 30 }).map((index) => `user ${index}`);
  try {
    await fc.assert(
      fc.asyncProperty(user, jumps, fc.integer({ min: -86_400, max: 86_400 }), async (name, next, ageSeconds) => {
        leaps = next;
        deliveries += 1;
        users.add(name);
        feature(`clocks ${name}`, leap);
        await work();
        await deliver(name, ageSeconds);
        for (const backend of backends) {
          const windows = Object.fromEntries(pointsOf(backend.take(), featureMetrics.usersActive).map(({ window, sum }) => [window, sum]));
          const counts = [1, windows['5m'], windows['1h'], windows['24h'], users.size] as number[];
          expect(counts).toEqual(counts.toSorted((a, b) => a - b));
        }
        leap();
      }),
      parameters,
    );
  } finally {
    vi.restoreAllMocks();
    for (const stop of stops) stop();
  }
  for (const one of seconds) expect(one).toSatisfy((value: number) => Number.isFinite(value) && value >= 0);
  expect(seconds).toHaveLength(5 * deliveries);
  for (const backend of backends) {
    const once = [featureMetrics.usage, featureMetrics.duration, queueMetrics.jobDuration, queueMetrics.jobWait, webhookMetrics.received];
    for (const metric of [...once, webhookMetrics.duration, webhookMetrics.lag, aiMetrics.calls, aiMetrics.inferenceDuration, aiMetrics.timeToFirstChunk])
      expect(backend.count(metric), metric.name).toBe(deliveries);
    expect(backend.count(aiMetrics.timePerOutputChunk)).toBe(chunks - deliveries);
    // The provider is served by this process as well.
    expect(backend.count(httpMetrics.requestDuration)).toBe(2 * deliveries);
    expect(backend.count(selfMetrics.errors)).toBe(0);
  }
});
