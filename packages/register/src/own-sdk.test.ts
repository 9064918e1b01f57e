import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aliases, httpMetrics, processMetrics, promName } from '@tallyman/catalog';
import { captureOtlp, freePorts, type OtlpCapture, type RunningProcess, runApp, waitFor } from '@tallyman/testkit';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';

const preload = fileURLToPath(new URL('../dist/preload.cjs', import.meta.url));
const entry = fileURLToPath(new URL('../fixtures/own-sdk.cjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tallyman-own-sdk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let ours: OtlpCapture;
let theirs: OtlpCapture;
beforeEach(async () => {
  [ours, theirs] = await Promise.all([captureOtlp(), captureOtlp()]);
});
afterEach(() => Promise.all([ours.close(), theirs.close()]));

async function start(env: Record<string, string> = {}): Promise<{ app: RunningProcess; ask: (path?: string, times?: number) => Promise<void> }> {
  const app = await runApp({ entry, preload, env: { ...ours.env, OTEL_METRIC_EXPORT_INTERVAL: '100', THEIRS: theirs.url, ...env } });
  const [, url = ''] = await app.ready(/listening on (\S+)/);
  const ask = async (path = '/', times = 1) => {
    for (let index = 0; index < times; index++) await (await fetch(`${url}${path}`)).text();
  };
  return { app, ask };
}

/** A histogram, its alias and a counter of the alias, at one of the two. */
function counts(capture: OtlpCapture): (number | undefined)[] {
  return [httpMetrics.requestDuration, aliases.httpRequestDuration, aliases.httpRequests].map(({ name }) => capture.value(name));
}

function sums(): number[] {
  const [here, there] = [counts(ours), counts(theirs)];
  return here.map((value, index) => (value ?? 0) + (there[index] ?? 0));
}

const LINE = /^\[tallyman\] the application's own OpenTelemetry SDK reports/m;

describe("an application's own SDK", () => {
  test.each([{ temporality: '1' }, { temporality: '0' }])(
    'that starts before the first record gets everything, ours is never started (temporality $temporality)',
    async ({ temporality }) => {
      const { app, ask } = await start({ WHEN: 'first', THEIR_TEMPORALITY: temporality });
      await ask('/', 5);
      await theirs.until(() => counts(theirs)[0] === 5);
      await ask('/', 2);
      expect(await app.stop('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(counts(theirs)).toEqual([7, 7, 7]);
      expect(theirs.value(processMetrics.memoryUsage.name)).toBeGreaterThan(1e6);
      expect(theirs.series(httpMetrics.requestDuration.name)[0]?.histogram?.bounds).toEqual(httpMetrics.requestDuration.buckets);
      expect(ours.requests).toHaveLength(0);
      expect(app.stderr.match(LINE)).toHaveLength(1);
    },
  );

  test.each([{ temporality: '1' }, { temporality: '0' }])(
    'that starts later takes over: nothing is lost, nothing doubled (temporality $temporality)',
    async ({ temporality }) => {
      const { app, ask } = await start({
        THEIR_TEMPORALITY: temporality,
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality === '0' ? 'delta' : 'cumulative',
      });
      await ask('/', 3);
      await ours.until(() => counts(ours)[0] === 3);
      await ask('/start');
      await app.ready(LINE);
      await ask('/', 4);
      await theirs.until(() => (counts(theirs)[0] ?? 0) > 0);
      await ask('/', 2);
      expect(await app.stop('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(sums()).toEqual([10, 10, 10]);
      expect(ours.value(httpMetrics.activeRequests.name)).toBe(0);
      expect(ours.value(processMetrics.memoryUsage.name)).toBe(0);
    },
  );

  test('that starts later, where there is no exporter of ours, gets all that has been, and how the process is', async () => {
    const { app, ask } = await start({ OTEL_METRICS_EXPORTER: 'none' });
    await ask('/', 3);
    await ask('/start');
    await app.ready(LINE);
    await theirs.until(() => (theirs.value(processMetrics.memoryUsage.name) ?? 0) > 1e6);
    await ask('/', 2);
    expect(await app.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(counts(theirs)).toEqual([6, 6, 6]);
    expect(app.stderr.match(LINE)).toHaveLength(1);
  });

  test.each(['http', 'http,tallyman', 'tallyman,http'])('that measures requests itself (%s) is left that metric, and gets all others', async (instrument) => {
    const { app, ask } = await start({ WHEN: 'first', INSTRUMENT: instrument });
    await ask('/', 5);
    expect(await app.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    const durations = theirs.series(httpMetrics.requestDuration.name);
    expect(durations.reduce((sum, { histogram }) => sum + (histogram?.count ?? 0), 0)).toBe(5);
    expect(durations.map(({ scope }) => scope)).toEqual(['@opentelemetry/instrumentation-http']);
    expect(counts(theirs).slice(1)).toEqual([5, 5]);
    expect(ours.requests).toHaveLength(0);
  });

  test('that takes over while the collector is away leaves the last values to be delivered when it is back', async () => {
    const { app, ask } = await start({ OTEL_EXPORTER_OTLP_TIMEOUT: '200' });
    await ask('/', 2);
    await ours.until(() => counts(ours)[0] === 2);
    ours.answer({ status: 503 });
    await ask('/start');
    await app.ready(LINE);
    await ask('/', 3);
    const refused = ours.requests.length;
    await ours.until(({ requests }) => requests.length > refused);
    ours.answer({});
    await ours.until(() => counts(ours)[0] === 3);
    const answered = ours.requests.length;
    await ask('/', 1);
    await theirs.until(() => counts(theirs)[0] === 4);
    expect(ours.requests).toHaveLength(answered);
    await app.stop('SIGTERM');
    expect(sums()).toEqual([7, 7, 7]);
    expect(ours.requests).toHaveLength(answered);
  });

  test('that takes over while the collector is away leaves the last values to the end of the process', async () => {
    const { app, ask } = await start({ OTEL_EXPORTER_OTLP_TIMEOUT: '200' });
    await ask('/', 2);
    await ours.until(() => counts(ours)[0] === 2);
    ours.answer({ status: 503 });
    await ask('/start');
    await app.ready(LINE);
    await ask('/', 3);
    ours.answer({});
    await app.stop('SIGTERM');
    expect(sums()).toEqual([6, 6, 6]);
  });

  test('that takes over from /metrics lets it serve the last values once', async () => {
    const { web } = await freePorts('web');
    const { app, ask } = await start({ OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: String(web) });
    const scrape = async () => {
      const text = await (await fetch(`http://127.0.0.1:${web}/metrics`)).text();
      return new RegExp(`^${promName(aliases.httpRequests)}\\{.* (\\d+)$`, 'm').exec(text)?.[1];
    };
    await ask('/', 3);
    expect(await waitFor(scrape, (value) => value !== undefined)).toBe('3');
    await ask('/start');
    expect(await scrape()).toBe('4');
    await waitFor(
      () => scrape().catch(() => 'closed'),
      (value) => value === 'closed',
    );
    await ask('/', 2);
    await app.stop('SIGTERM');
    expect(counts(theirs)).toEqual([2, 2, 2]);
  });

  test('has its views applied', async () => {
    const { app, ask } = await start({ WHEN: 'first', VIEW: 'yes' });
    await ask('/', 3);
    await app.stop('SIGTERM');
    expect(theirs.series('renamed')).toMatchObject([{ attributes: {}, value: 3 }]);
    expect(theirs.series(httpMetrics.requestDuration.name)).toEqual([]);
    expect(theirs.value(aliases.httpRequests.name)).toBe(3);
  });

  test('gets everything with OTEL_METRICS_EXPORTER=none too', async () => {
    const { app, ask } = await start({ WHEN: 'first', OTEL_METRICS_EXPORTER: 'none' });
    await ask('/', 3);
    await app.stop('SIGTERM');
    expect(counts(theirs)).toEqual([3, 3, 3]);
    expect(ours.requests).toHaveLength(0);
  });

  test('that starts later gets everything from the beginning when nothing else reports', async () => {
    const { app, ask } = await start({ OTEL_METRICS_EXPORTER: 'none' });
    await ask('/', 3);
    await ask('/start');
    await theirs.until(() => counts(theirs)[0] === 4);
    await ask('/', 2);
    await app.stop('SIGTERM');
    expect(counts(theirs)).toEqual([6, 6, 6]);
  });
});

describe("an application's own metrics", () => {
  const configuration = join(folder, 'all.json');
  writeFileSync(configuration, JSON.stringify({ exportAppMetrics: true }));

  test('go out with ours when the configuration says so', async () => {
    const { app, ask } = await start({ TALLYMAN_CONFIG: configuration });
    await ask('/own', 1);
    await ours.until(() => ours.value('app.own') === 1 && counts(ours)[0] === 1);
    await app.stop('SIGTERM');
    expect(app.stderr).toBe('');
  });

  test.each([
    { preference: 'cumulative', temporality: 'cumulative' },
    { preference: 'delta', temporality: 'delta' },
    { preference: 'lowmemory', temporality: 'delta' },
  ])('have the temporality that is preferred, as ours have ($preference)', async ({ preference, temporality }) => {
    const env = { TALLYMAN_CONFIG: configuration, OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: preference };
    const { app, ask } = await start(env);
    await ask('/own', 1);
    await ours.until(() => ours.value('app.own') === 1 && counts(ours)[0] === 1);
    await app.stop('SIGTERM');
    for (const name of ['app.own', httpMetrics.requestDuration.name]) expect(ours.series(name)[0]?.temporality, name).toBe(temporality);
  });

  test('do not without it', async () => {
    const { app, ask } = await start();
    await ask('/own', 1);
    await ours.until(() => counts(ours)[0] === 1);
    await app.stop('SIGTERM');
    expect(ours.series('app.own')).toEqual([]);
  });
});
