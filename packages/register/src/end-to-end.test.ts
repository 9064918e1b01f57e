import { createRequire } from 'node:module';
import {
  aiMetrics,
  aliases,
  featureMetrics,
  httpMetrics,
  type MetricSpec,
  OTHER,
  processMetrics,
  promLabel,
  promName,
  queueMetrics,
  selfMetrics,
  webhookMetrics,
} from '@tallyman/catalog';
import { concrete, expressions } from '@tallyman/provisioning';
import {
  type RunningCollector,
  type RunningPrometheus,
  type RunningRedis,
  requireServers,
  startCollector,
  startPrometheus,
  startRedis,
} from '@tallyman/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Expected, loadExpected, type Providers, playScript, startExample, startProviders } from './tailorjob.test.data.ts';

const servers = await requireServers('otelcol', 'prometheus', 'redis-server');
const tsx = createRequire(import.meta.url).resolve('tsx');
const expected: Expected = await loadExpected();

/** The entry points, each with one of the two queues; TypeScript by type stripping where the running Node has it. */
const RUNS = [
  { name: 'CommonJS, BullMQ', entry: 'app.cjs', hasRedis: true, nodeOptions: undefined },
  { name: 'ES modules, pg-boss', entry: 'app.mjs', hasRedis: false, nodeOptions: undefined },
  { name: 'TypeScript, BullMQ', entry: 'app.ts', hasRedis: true, nodeOptions: undefined },
  { name: 'TypeScript under tsx, pg-boss', entry: 'app.ts', hasRedis: false, nodeOptions: `--import ${tsx}` },
] as const;

const OPERATIONS = { 'chat.completions': 'chat', responses: 'chat', embeddings: 'embeddings', images: 'image_generation' } as const;

let collector: RunningCollector;
let prometheus: RunningPrometheus;
let redis: RunningRedis;
let providers: Providers;

type Attributes = Readonly<Record<string, string | number>>;
/** A query, and the one number that it must give. */
type Check = readonly [promql: string, value: number, tolerance?: number];

const of = (metric: MetricSpec, suffix: string, service: string, attributes: Attributes): string => {
  const matchers = Object.entries({ service, ...attributes }).map(([key, value]) => `${promLabel(key)}="${value}"`);
  return `sum(${promName(metric)}${suffix}{${matchers.join(',')}})`;
};

function sums<T>(rows: readonly T[], keyOf: (row: T) => Attributes, countOf: (row: T) => number): [Attributes, number][] {
  const totals = new Map<string, number>();
  for (const row of rows) totals.set(JSON.stringify(keyOf(row)), (totals.get(JSON.stringify(keyOf(row))) ?? 0) + countOf(row));
  return [...totals].map(([key, total]) => [JSON.parse(key) as Attributes, total]);
}

function httpChecks(service: string): Check[] {
  const { REQUESTS } = expected;
  return REQUESTS.flatMap(({ request, status, count }): Check[] => {
    const [method = '', path = ''] = request.split(' ');
    const route = path === '/no/such/page' ? '' : path;
    // One of the streamed matches is left by its client: it has no complete response, and so no status.
    const complete = request === 'POST /api/match/:id' && status === 200 ? count - 1 : count;
    const attributes = { 'http.request.method': method, 'http.route': route, 'http.response.status_code': status };
    const labels = { method, route, status_code: status, status };
    return [
      [of(httpMetrics.requestDuration, '_count', service, attributes), complete],
      [of(httpMetrics.requestBodySize, '_count', service, attributes), complete],
      [of(httpMetrics.responseBodySize, '_count', service, attributes), complete],
      [of(aliases.httpRequests, '', service, labels), complete],
      [of(aliases.httpRequestDuration, '_count', service, labels), complete],
      [of(aliases.httpRequestSize, '_count', service, labels), complete],
      [of(aliases.httpResponseSize, '_count', service, labels), complete],
    ];
  }).concat([
    [of(httpMetrics.requestDuration, '_count', service, { 'error.type': 'aborted' }), 1],
    [of(httpMetrics.activeRequests, '', service, {}), 0],
  ]);
}

function aiChecks(service: string): Check[] {
  const { CALLS, costOf } = expected;
  const base = (calls: Expected['CALLS'][number]) => ({
    feature: calls.feature,
    'gen_ai.request.model': calls.model,
    'gen_ai.operation.name': OPERATIONS[calls.api],
  });
  const tokens = (metric: MetricSpec, part: 'input' | 'output' | 'cached' | 'reasoning'): Check[] =>
    sums(CALLS, base, ({ usage, count }) => (usage?.[part] ?? 0) * count)
      .filter(([, total]) => total > 0)
      .map(([attributes, total]) => [of(metric, '', service, attributes), total]);
  const inference = CALLS.filter(({ api }) => api !== 'embeddings');
  return [
    ...sums(
      CALLS,
      (calls) => ({ ...base(calls), outcome: calls.outcome }),
      ({ count }) => count,
    ).map(([attributes, total]): Check => [of(aiMetrics.calls, '', service, attributes), total]),
    ...tokens(aiMetrics.inputTokens, 'input'),
    ...tokens(aiMetrics.outputTokens, 'output'),
    ...tokens(aiMetrics.cacheReadTokens, 'cached'),
    ...tokens(aiMetrics.reasoningTokens, 'reasoning'),
    [of(aiMetrics.cacheWriteTokens, '', service, {}), 0],
    ...sums(
      CALLS,
      ({ feature }) => ({ feature }),
      (calls) => Object.values(costOf(calls)).reduce((sum, part) => sum + part, 0),
    ).map(([attributes, total]): Check => [of(aiMetrics.cost, '', service, attributes), total, 1e-9]),
    [of(aiMetrics.unpricedCalls, '', service, { 'gen_ai.request.model': 'aurora-preview' }), 1],
    [of(aiMetrics.unpricedCalls, '', service, {}), 1],
    // The stream that was left in the middle never told its usage.
    [of(aiMetrics.unmeteredCalls, '', service, {}), 1],
    [of(aiMetrics.inferenceDuration, '_count', service, {}), inference.reduce((sum, { count }) => sum + count, 0)],
    [of(aiMetrics.operationDuration, '_count', service, {}), 3],
    [
      of(aiMetrics.timeToFirstChunk, '_count', service, {}),
      CALLS.filter(({ streamed, outcome }) => streamed && outcome !== 'error').reduce((sum, { count }) => sum + count, 0),
    ],
    ...sums(
      CALLS.filter(({ feature }) => feature === 'job_match'),
      ({ model }) => ({ model }),
      ({ usage, count }) => ((usage?.input ?? 0) + (usage?.output ?? 0)) * count,
    ).map(([labels, total]): Check => [of(aliases.aiMatchTokens, '', service, labels), total]),
    [of(aliases.aiMatchCost, '', service, { model: 'gpt-5' }), matchCost(), 1e-9],
    [of(aliases.aiMatchCostTotal, '', service, { model: 'gpt-5' }), matchCost(), 1e-9],
  ];
}

function matchCost(): number {
  const { CALLS, costOf } = expected;
  return CALLS.filter(({ feature }) => feature === 'job_match').reduce((sum, calls) => sum + Object.values(costOf(calls)).reduce((a, b) => a + b, 0), 0);
}

function moneyChecks(service: string): Check[] {
  const { DELIVERIES, DUPLICATES, PAYMENTS, FAILED_PAYMENTS, SUBSCRIPTIONS } = expected;
  const OUTCOMES: Readonly<Record<number, string>> = { 200: 'accepted', 500: 'failed' };
  const verified = DELIVERIES.filter(({ status }) => status !== 400);
  const paid = PAYMENTS.filter(({ kind }) => kind === 'purchase' || kind === 'renewal');
  const amounts = (metric: MetricSpec, payments: Expected['PAYMENTS']): Check[] =>
    sums(
      payments,
      ({ plan, currency }) => ({ plan, currency, 'payment.provider': 'stripe' }),
      ({ amount }) => amount,
    ).map(([attributes, total]) => [of(metric, '', service, attributes), total]);
  return [
    ...verified.map(
      ({ type, status, count }): Check => [
        of(webhookMetrics.received, '', service, { 'webhook.event_type': type, outcome: OUTCOMES[status] ?? '', 'webhook.verification': 'sdk' }),
        count,
      ],
    ),
    [of(webhookMetrics.received, '', service, {}), verified.reduce((sum, { count }) => sum + count, 0)],
    [
      of(webhookMetrics.duration, '_count', service, { outcome: 'accepted' }),
      verified.filter(({ status }) => status === 200).reduce((sum, { count }) => sum + count, 0),
    ],
    [of(webhookMetrics.lag, '_count', service, { 'webhook.provider': 'stripe' }), verified.reduce((sum, { count }) => sum + count, 0)],
    [of(webhookMetrics.duplicates, '', service, { 'webhook.provider': 'stripe' }), DUPLICATES],
    [of(webhookMetrics.verificationFailures, '', service, { reason: 'mismatch' }), 1],
    [of(webhookMetrics.verificationFailures, '', service, {}), 1],
    ...sums(
      paid,
      ({ plan, method }) => ({ plan, 'payment.method': method }),
      () => 1,
    ).map(([attributes, total]): Check => [of(webhookMetrics.conversions, '', service, attributes), total]),
    [of(webhookMetrics.conversions, '', service, {}), paid.length],
    ...amounts(webhookMetrics.revenue, paid),
    ...amounts(
      webhookMetrics.refunded,
      PAYMENTS.filter(({ kind }) => kind === 'refund'),
    ),
    ...amounts(
      webhookMetrics.disputed,
      PAYMENTS.filter(({ kind }) => kind === 'dispute'),
    ),
    ...FAILED_PAYMENTS.map(
      ({ method, declineCode, count }): Check => [of(webhookMetrics.failures, '', service, { 'payment.method': method, 'error.type': declineCode }), count],
    ),
    ...SUBSCRIPTIONS.map(
      ({ plan, change }): Check => [of(webhookMetrics.subscriptionEvents, '', service, { plan, change: change === 'deleted' ? 'cancelled' : change }), 1],
    ),
    // premium earns for job_match and cv_parse two to one, starter for job_match and cv_tailor one to one.
    [of(featureMetrics.revenue, '', service, { feature: 'job_match', currency: 'usd' }), (58 * 2) / 3, 1e-6],
    [of(featureMetrics.revenue, '', service, { feature: 'cv_parse', currency: 'usd' }), 58 / 3, 1e-6],
    [of(featureMetrics.revenue, '', service, { feature: 'cv_tailor', currency: 'jpy' }), 750],
  ];
}

function queueChecks(service: string, hasRedis: boolean): Check[] {
  return expected.JOBS.flatMap(({ queue, name, enqueued, attempts, completed, retries, failed }): Check[] => {
    const attributes = { 'queue.name': queue };
    // pg-boss knows no names of jobs.
    const typed = { ...attributes, 'job.type': hasRedis ? name : 'default', 'queue.system': hasRedis ? 'bullmq' : 'pg-boss' };
    return [
      [of(queueMetrics.jobsEnqueued, '', service, attributes), enqueued],
      [of(queueMetrics.jobDuration, '_count', service, typed), attempts],
      [of(queueMetrics.jobDuration, '_count', service, { ...typed, outcome: 'ok' }), completed],
      [of(queueMetrics.jobWait, '_count', service, attributes), enqueued],
      [of(queueMetrics.retries, '', service, attributes), retries],
      [of(queueMetrics.failures, '', service, attributes), failed],
      [of(queueMetrics.stalled, '', service, attributes), 0],
      [of(queueMetrics.jobsActive, '', service, attributes), 0],
      [of(aliases.activeJobs, '', service, { queue_name: queue }), 0],
    ];
  });
}

function featureChecks(service: string): Check[] {
  const { CALLS, REQUESTS, JOBS } = expected;
  const answered = (request: string, isGood: boolean): number =>
    REQUESTS.filter((row) => row.request === request && row.status < 400 === isGood).reduce((sum, { count }) => sum + count, 0);
  const parse = JOBS.find(({ queue }) => queue === 'cv-queue');
  const image = JOBS.find(({ queue }) => queue === 'image-generation');
  const use = (feature: string, ok: number, error: number): Check[] => [
    [of(featureMetrics.usage, '', service, { feature, outcome: 'ok' }), ok],
    [of(featureMetrics.usage, '', service, { feature, outcome: 'error' }), error],
    [of(featureMetrics.duration, '_count', service, { feature }), ok + error],
    [of(featureMetrics.errors, '', service, { feature }), error],
  ];
  const refused = answered('POST /api/cv/upload', false);
  const failed = parse?.failed ?? 0;
  const matches = answered('POST /api/match/:id', true) + answered('POST /api/match/:id', false);
  const isSpent = ({ api, usage }: Expected['CALLS'][number]) => usage !== undefined && (api === 'chat.completions' || api === 'responses');
  const text = CALLS.filter(({ api }) => api === 'chat.completions' || api === 'responses');
  return [
    // An upload goes on in its job: one use. One that is refused ends as a request.
    ...use('cv_parse', parse?.completed ?? 0, failed + refused),
    ...use('job_match', answered('POST /api/match/:id', true) - 1, answered('POST /api/match/:id', false) + 1),
    ...use('cv_tailor', answered('POST /api/tailor/:id', true), answered('POST /api/tailor/:id', false)),
    ...use('image_generation', image?.completed ?? 0, image?.failed ?? 0),
    ...use('search', answered('POST /api/search', true), 0),
    [of(featureMetrics.usage, '', service, { feature: 'job_match', 'feature.version': 'v5.1' }), matches],
    [of(aliases.cvParseDuration, '_count', service, {}), (parse?.completed ?? 0) + failed + refused],
    [of(aliases.cvParseErrors, '', service, { error_type: parse?.error ?? '' }), failed],
    [of(aliases.cvParseErrors, '', service, { error_type: '400' }), refused],
    [of(aliases.cvParseErrors, '', service, { error_type: OTHER }), 0],
    [of(aliases.aiMatchDuration, '_count', service, {}), matches],
    [
      of(featureMetrics.generationSuccess, '', service, { type: 'text' }),
      text.filter(({ outcome }) => outcome === 'ok').reduce((sum, { count }) => sum + count, 0),
    ],
    [
      of(featureMetrics.generationFailure, '', service, { type: 'text' }),
      text.filter(({ outcome }) => outcome === 'error').reduce((sum, { count }) => sum + count, 0),
    ],
    [of(featureMetrics.generationSuccess, '', service, { type: 'image' }), image?.completed ?? 0],
    [of(featureMetrics.generationFailure, '', service, { type: 'image' }), image?.failed ?? 0],
    [
      of(featureMetrics.tokenSpend, '', service, { type: 'input' }),
      CALLS.filter(isSpent).reduce((sum, { usage, count }) => sum + (usage?.input ?? 0) * count, 0),
    ],
    [
      of(featureMetrics.tokenSpend, '', service, { type: 'output' }),
      CALLS.filter(isSpent).reduce((sum, { usage, count }) => sum + (usage?.output ?? 0) * count, 0),
    ],
    [of(featureMetrics.tokenSpend, '', service, { type: 'image' }), image?.completed ?? 0],
    [
      of(featureMetrics.tokenSpend, '', service, { type: 'embedding' }),
      CALLS.filter(({ api }) => api === 'embeddings').reduce((sum, { usage, count }) => sum + (usage?.input ?? 0) * count, 0),
    ],
    [of(featureMetrics.usersActive, '', service, { window: '5m' }), 3],
    [of(aliases.activeUsers, '', service, {}), 3],
    [of(selfMetrics.errors, '', service, {}), 0],
  ];
}

/** What only has to be plausible: times, memory, CPU. */
function boundChecks(service: string): string[] {
  return [
    `${of(httpMetrics.requestDuration, '_sum', service, {})} > 0 < 120`,
    `${of(featureMetrics.duration, '_sum', service, { feature: 'cv_parse' })} > 0 < 120`,
    `${of(aliases.cvParseDuration, '_sum', service, {})} > 0 < 120`,
    `${of(aliases.aiMatchDuration, '_sum', service, {})} > 0 < 120`,
    `${of(aiMetrics.inferenceDuration, '_sum', service, {})} > 0 < 120`,
    `${of(queueMetrics.jobDuration, '_sum', service, {})} > 0 < 120`,
    `${of(httpMetrics.requestBodySize, '_sum', service, {})} > 1000`,
    `${of(aliases.processResidentMemory, '', service, {})} > 1e7`,
    `${of(processMetrics.memoryUsage, '', service, {})} > 1e7`,
    `${of(aliases.processCpu, '', service, {})} > 0.1`,
    `${of(processMetrics.cpuTime, '', service, { 'cpu.mode': 'user' })} > 0.1`,
  ];
}

/** Metrics whose values depend on the machine or the moment; their presence is what the other tests of this package look at. */
const MOMENTARY: readonly MetricSpec[] = [
  ...Object.values(processMetrics),
  aiMetrics.timePerOutputChunk,
  queueMetrics.depth,
  queueMetrics.oldestJobAge,
  queueMetrics.concurrency,
  selfMetrics.patched,
  selfMetrics.exportFailures,
];

/** Families that the service exports and that no query names. */
async function unchecked(service: string, queries: readonly string[]): Promise<string[]> {
  const known = new Set(
    [...queries.flatMap((promql) => promql.match(/\b[a-z]\w+(?=\{)/g) ?? []), ...MOMENTARY.map(promName)].map((name) =>
      name.replace(/_(bucket|sum|count)$/, ''),
    ),
  );
  const exported = await prometheus.query(`group by (__name__) ({service="${service}"})`);
  const families = new Set(exported.map(({ labels }) => String(labels.__name__).replace(/_(bucket|sum|count)$/, '')));
  // The series of Prometheus's own rules carry the label as well.
  return [...families].filter((name) => name !== 'target_info' && !name.includes(':') && !name.startsWith('ALERTS') && !known.has(name));
}

describe.skipIf(servers.missing)('the example application through the real collector into the real Prometheus', () => {
  beforeAll(async () => {
    [collector, redis] = await Promise.all([startCollector(), startRedis()]);
    prometheus = await startPrometheus({ collector, scrapeInterval: '1s' });
  });

  afterAll(async () => {
    await prometheus?.stop();
    await collector?.stop();
    await redis?.stop();
  });

  test.each(RUNS)('$name: every metric has the expected value', { timeout: 180_000 }, async ({ entry, hasRedis, nodeOptions }) => {
    const service = `${entry}${nodeOptions === undefined ? '' : '-tsx'}`;
    providers = await startProviders();
    const { app, url } = await startExample({
      entry,
      providers,
      isPreloaded: true,
      env: {
        ...collector.env,
        OTEL_SERVICE_NAME: service,
        OTEL_METRIC_EXPORT_INTERVAL: '1000',
        REDIS_URL: hasRedis ? redis.url : undefined,
        NODE_OPTIONS: nodeOptions,
      },
    });
    await playScript(url, providers);
    const resting = of(queueMetrics.depth, '', service, { state: 'waiting' });
    // pg-boss renews its own counts once a minute, so that here only their presence can be waited for.
    await prometheus.until(resting, ([sample]) => (hasRedis ? sample?.value === 0 : sample !== undefined), { timeout: 60_000 });
    for (const adapter of ['openai', 'stripe', hasRedis ? 'bullmq' : 'pg-boss']) {
      await prometheus.until(of(selfMetrics.patched, '', service, { adapter, outcome: 'ok' }), (samples) => (samples[0]?.value ?? 0) >= 1);
    }
    expect(await app.stop('SIGTERM'), app.stderr).toEqual({ code: 0, signal: null });
    await providers.close();
    expect(app.stderr).not.toContain('[tallyman]');

    const checks = [...httpChecks(service), ...aiChecks(service), ...moneyChecks(service), ...queueChecks(service, hasRedis), ...featureChecks(service)];
    const [last, value] = [
      of(webhookMetrics.conversions, '', service, {}),
      expected.PAYMENTS.filter(({ kind }) => kind === 'purchase' || kind === 'renewal').length,
    ];
    await prometheus.until(last, (samples) => samples[0]?.value === value, { timeout: 30_000 });
    const wrong: string[] = [];
    for (const [promql, wanted, tolerance = 0] of checks) {
      const found = (await prometheus.query(promql))[0]?.value;
      // A counter that nothing was recorded into may be absent.
      if (Math.abs((found ?? 0) - wanted) > tolerance) wrong.push(`${promql} = ${found}, expected ${wanted}`);
    }
    for (const promql of boundChecks(service)) if ((await prometheus.query(promql)).length === 0) wrong.push(`${promql} gives nothing`);
    for (const name of await unchecked(service, [...checks.map(([promql]) => promql), ...boundChecks(service)]))
      wrong.push(`${name} is exported, and nothing here looks at it`);
    expect(wrong).toEqual([]);
  });

  test('every query of the dashboards is answered, and most of them with values', async () => {
    const queries = expressions().map(({ panel, promql }) => ({ panel, promql: concrete(promql, '5m') }));
    expect(queries.length).toBeGreaterThan(30);
    const empty: string[] = [];
    for (const { panel, promql } of queries) if ((await prometheus.query(promql)).length === 0) empty.push(panel);
    expect(empty.length, empty.join(', ')).toBeLessThan(queries.length / 3);
  });
});
