import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aiMetrics, httpMetrics, promName, queueMetrics, selfMetrics, webhookMetrics } from '@tallyman/catalog';
import { freePorts, type RunningProcess, runApp, startCollector, startPrometheus, waitFor } from '@tallyman/testkit';
import fc from 'fast-check';
import Stripe from 'stripe';
import { afterAll, expect, test } from 'vitest';
import { hostileNumber, hostileOrHugeText, hostileText, POLLUTING, parameters } from './hostile.test.data.ts';
import { expectStored, findings, judges, type Line, parse, samplesOf, sum } from './judges.test.kit.ts';
import { connection, exchange } from './traffic.test.data.ts';

const preload = fileURLToPath(new URL('../../dist/preload.cjs', import.meta.url));
const entry = fileURLToPath(new URL('../../fixtures/doors.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tallyman-input-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const usage = fc.oneof(
  fc.constant(null),
  fc.record({ prompt_tokens: hostileNumber, completion_tokens: hostileNumber, prompt_tokens_details: fc.record({ cached_tokens: hostileNumber }) }),
  fc.record({ prompt_tokens: hostileText }),
);
const answer = fc.record(
  {
    ...{ model: hostileOrHugeText, object: fc.constantFrom('chat.completion', 'chat.completion.chunk', '__proto__'), service_tier: hostileText, usage },
    ...{ choices: fc.constantFrom([], [{ index: 0, finish_reason: 'stop', delta: {}, message: { role: 'assistant', content: 'x' } }], null, {}) },
    error: fc.option(fc.record({ code: hostileText, type: hostileText, message: hostileText })),
  },
  { requiredKeys: ['choices'] },
);
const aiCase = fc.record({
  requestModel: hostileOrHugeText,
  answer,
  status: fc.constantFrom(200, 200, 200, 400, 401, 404, 429, 500, 503),
  isStreamed: fc.boolean(),
});

const TYPES = [
  'payment_intent.succeeded',
  'charge.succeeded',
  'invoice.paid',
  'charge.refunded',
  'payment_intent.payment_failed',
  'customer.subscription.updated',
  'checkout.session.completed',
];
const object = fc.record(
  {
    ...{ id: hostileText, object: fc.constantFrom('payment_intent', 'charge', 'invoice', 'subscription', 'checkout.session', 'toString') },
    ...{
      amount: hostileNumber,
      amount_received: hostileNumber,
      amount_paid: hostileNumber,
      amount_total: hostileNumber,
      amount_captured: hostileNumber,
      amount_refunded: hostileNumber,
    },
    ...{
      currency: hostileText,
      customer: hostileText,
      captured: fc.boolean(),
      payment_status: fc.constant('paid'),
      metadata: fc.record({ plan: hostileOrHugeText }),
    },
    ...{
      payment_method_details: fc.record({ type: hostileText }),
      last_payment_error: fc.record({ code: hostileText, decline_code: hostileText }),
      status: hostileText,
    },
  },
  { requiredKeys: ['object'] },
);
const event = fc.record(
  {
    id: hostileOrHugeText,
    type: fc.oneof(fc.constantFrom(...TYPES), hostileOrHugeText),
    created: hostileNumber,
    data: fc.record({ object, previous_attributes: fc.anything() }),
  },
  { requiredKeys: [] },
);
const job = fc.record({
  queueName: hostileOrHugeText,
  name: hostileText,
  opts: fc.constantFrom({}, null, { telemetry: { metadata: '{"tallyman":"{\\"feature\\":\\"__proto__\\"}"}' } }),
  timestamp: hostileNumber,
  attemptsStarted: fc.constant(1),
  finishedOn: fc.constantFrom(null, 1),
});
const jobCase = fc.record({ job, code: hostileText, name: fc.option(hostileText, { nil: undefined }) });
const json = fc.oneof(hostileText, hostileNumber, fc.dictionary(hostileText, hostileText, { maxKeys: 3 }));
const bossCase = fc.record({
  // pg-boss refuses most names.
  queue: fc.oneof(hostileOrHugeText, fc.constantFrom(...POLLUTING, '_OTHER', 'NaN', '../../etc/passwd')),
  data: fc.option(fc.dictionary(hostileText, json, { maxKeys: 3 })),
  output: fc.option(fc.dictionary(hostileText, json, { maxKeys: 3 })),
  error: fc.option(fc.record({ name: hostileText, code: hostileText }), { freq: 1 }),
});

const sampled = <T>(arbitrary: fc.Arbitrary<T>, share: number): T[] => fc.sample(arbitrary, { ...parameters, numRuns: Math.ceil(parameters.numRuns * share) });
const cases = { ai: sampled(aiCase, 0.4), webhooks: sampled(event, 0.4), jobs: sampled(jobCase, 0.4), boss: sampled(bossCase, 0.4) };
const file = join(folder, 'cases.json');
writeFileSync(file, JSON.stringify(cases));
/** The application's. */
const SECRET = 'whsec_doors';
const { webhooks } = new Stripe('sk_test_unused');
const deliveries = sampled(event, 0.1).map((one) => {
  const payload = JSON.stringify(one);
  const signature = webhooks.generateTestHeaderString({ payload, secret: SECRET });
  const body = Buffer.from(payload);
  return `POST /hook HTTP/1.1\r\nHost: app\r\nStripe-Signature: ${signature}\r\nContent-Length: ${body.length}\r\n\r\n${body.toString('latin1')}`;
});
const connections = [...sampled(connection, 1), ...deliveries];

/** Of Express, of Fastify, and of both; none is empty. */
const ROUTES = ['/users/:id', '/api/:tenant/items/:item', '/seen', '/users/:user', '/api/:company/items/:item', '/upload', '/hook', ''];
/** Connections at a time. */
const AT_ONCE = 10;

interface Running {
  readonly app: RunningProcess;
  /** Of Express and of Fastify. */
  readonly ports: readonly [express: number, fastify: number];
}

/** What the application has seen of it all. */
interface Seen {
  readonly counts: Readonly<Record<'requests' | 'announced' | 'refused' | 'verified' | 'alone' | 'failed' | 'handled', number>>;
  readonly rejections: readonly string[];
  readonly outcomes: object;
}

async function start(options: Partial<Parameters<typeof runApp>[0]>, ...args: string[]): Promise<Running> {
  const app = await runApp({ entry, args: [file, ...args], cwd: folder, ...options });
  const [, express, fastify] = await app.ready(/listening on the ports (\d+) and (\d+)/, 120_000);
  return { app, ports: [Number(express), Number(fastify)] };
}

async function seenBy({ ports: [port] }: Running): Promise<Seen> {
  return (await (await fetch(`http://127.0.0.1:${port}/seen`)).json()) as Seen;
}

/** A server that answers and closes on unread bytes resets the connection, and the client loses the answer when that meets it while it is writing. */
const TRIES = 12;

/** What a connection was answered, by each of the two that it was sent to. */
type Answers = readonly [left: Set<string>, right: Set<string>];

function agree(answers: Answers | undefined): boolean {
  return answers !== undefined && [...answers[0]].some((answer) => answers[1].has(answer));
}

/** Sends everything to both ports, again where nothing was answered that both have said, and gives what has stayed different. */
async function differences(ports: readonly [number, number], all: readonly string[]): Promise<{ bytes: string; answers: string[][] }[]> {
  const answersOf = new Map(all.map((bytes): [string, Answers] => [bytes, [new Set(), new Set()]]));
  let different = all;
  for (let tries = 0; tries < TRIES && different.length > 0; tries += 1) {
    for (let index = 0; index < different.length; index += AT_ONCE) {
      const sent = different
        .slice(index, index + AT_ONCE)
        .flatMap((bytes) => ports.map(async (port, of) => answersOf.get(bytes)?.[of]?.add(await exchange(port, bytes))));
      await Promise.all(sent);
    }
    different = different.filter((bytes) => !agree(answersOf.get(bytes)));
  }
  return different.map((bytes) => ({ bytes: bytes.slice(0, 500), answers: (answersOf.get(bytes) ?? []).map((answers) => [...answers]) }));
}

test.skipIf(judges.missing)(
  'an application gets through hostile input what it gets without us; every event is counted, and the judges take all of it',
  { timeout: 300_000 },
  async () => {
    const { web } = await freePorts('web');
    const collector = await startCollector();
    const prometheus = await startPrometheus({ targets: [`127.0.0.1:${web}`], collector, scrapeInterval: '5s' });
    const env = {
      ...collector.env,
      ...{ OTEL_METRICS_EXPORTER: 'prometheus,otlp', OTEL_METRIC_EXPORT_INTERVAL: '3000', OTEL_EXPORTER_PROMETHEUS_PORT: `${web}`, OTEL_SERVICE_NAME: 'doors' },
    };
    const [bare, measured] = await Promise.all([start({}), start({ preload, env }, 'measured')]);
    try {
      for (const framework of [0, 1] as const) expect(await differences([bare.ports[framework], measured.ports[framework]], connections)).toEqual([]);
      const [{ outcomes }, seen] = await Promise.all([seenBy(bare), seenBy(measured)]);
      const { requests, announced, refused, verified, alone, failed, handled } = seen.counts;
      expect(seen.outcomes).toEqual(outcomes);
      expect(seen.rejections).toEqual([]);

      const text = await waitFor(
        async () => (await fetch(`http://127.0.0.1:${web}/metrics`)).text(),
        (page) => sum(parse(page), httpMetrics.requestDuration, '_count') >= requests,
        { timeout: 60_000, describe: () => 'the page has too few requests' },
      );
      const lines = parse(text);
      const labelled = (wanted: object): Line[] => lines.filter(({ labels }) => Object.entries(wanted).every(([key, value]) => labels[key] === value));
      expect(sum(lines, httpMetrics.requestDuration, '_count')).toBe(requests);
      expect(sum(lines, httpMetrics.activeRequests)).toBe(0);
      expect(sum(lines, aiMetrics.calls)).toBe(cases.ai.length);
      // What was refused as a forgery leaves its failed check alone.
      expect(sum(lines, webhookMetrics.received)).toBe(alone + announced - refused);
      expect(sum(labelled({ webhook_verification: 'sdk' }), webhookMetrics.received)).toBe(alone + verified);
      expect(sum(lines, webhookMetrics.verificationFailures)).toBe(failed);
      expect(sum(labelled({ queue_system: 'bullmq' }), queueMetrics.jobDuration, '_count')).toBe(cases.jobs.length);
      for (const metric of [queueMetrics.jobDuration, queueMetrics.jobWait])
        expect(sum(labelled({ queue_system: 'pg-boss' }), metric, '_count'), metric.name).toBe(handled);
      expect(sum(lines, queueMetrics.jobsActive)).toBe(0);
      for (const { labels } of lines) expect(ROUTES).toContain(labels.http_route ?? labels.route ?? '');
      for (const route of ['/users/:id', '/users/:user']) expect(labelled({ route })).not.toEqual([]);
      for (const { name, labels } of lines)
        for (const value of Object.values(labels)) if (name !== 'target_info') expect(value.length, name).toBeLessThanOrEqual(100);
      expect(text).not.toMatch(/secret message|alice@example/);

      const pages = { [`127.0.0.1:${web}`]: text };
      await waitFor(
        async () => parse(await collector.metrics()),
        (exposed) => sum(exposed, httpMetrics.requestDuration, '_count') >= requests,
        { timeout: 60_000, describe: () => 'the collector has too few requests' },
      );
      for (const page of [text, await collector.metrics()]) expect(await findings(page)).toEqual([]);
      // A client that leaves in the middle of a page is none of our input.
      expect(collector.logs.split('\n').filter((line) => line.includes('\terror\t') && !line.includes('broken pipe'))).toEqual([]);
      await prometheus.until(`sum(${promName(httpMetrics.requestDuration)}_count{service="doors"})`, ([one]) => (one?.value ?? 0) >= 2 * requests);
      await expectStored(prometheus, Object.fromEntries(Object.entries(pages).map(([address, page]) => [address, samplesOf(page).length])));

      const said = measured.app.stderr.split('\n').filter((line) => line.startsWith('[tallyman] '));
      expect(said.filter((line) => line.startsWith('[tallyman] fault'))).toEqual([]);
      expect(sum(parse(await (await fetch(`http://127.0.0.1:${web}/metrics`)).text()), selfMetrics.errors)).toBe(0);
      expect(new Set(said).size).toBe(said.length);
      expect(said.length).toBeLessThan(20);
    } finally {
      await Promise.all([bare.app.stop(), measured.app.stop(), prometheus.stop(), collector.stop()]);
    }
  },
);
