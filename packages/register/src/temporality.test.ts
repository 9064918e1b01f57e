import { fileURLToPath } from 'node:url';
import { aliases, httpMetrics, processMetrics, promName } from '@tallyman/catalog';
import { captureOtlp, freePorts, type OtlpCapture, type RunningProcess, runApp, waitFor } from '@tallyman/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const preload = fileURLToPath(new URL('../dist/preload.cjs', import.meta.url));
const server = fileURLToPath(new URL('../fixtures/server.cjs', import.meta.url));

let capture: OtlpCapture;
beforeEach(async () => {
  capture = await captureOtlp();
});
afterEach(() => capture.close());

async function start(env: Record<string, string> = {}): Promise<{ app: RunningProcess; url: string }> {
  const own = { ...capture.env, OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta', OTEL_METRIC_EXPORT_INTERVAL: '100' };
  const app = await runApp({ entry: server, preload, env: { ...own, ...env } });
  const [, url = ''] = await app.ready(/listening on (\S+)/);
  return { app, url };
}

async function ask(url: string, times = 1): Promise<void> {
  for (let index = 0; index < times; index++) await (await fetch(url)).text();
}

const delivered = (): number => capture.value(httpMetrics.requestDuration.name) ?? 0;
const counted = (): number => capture.value(aliases.httpRequests.name) ?? 0;

test('delta values add up, through failed exports and to the end', async () => {
  const { app, url } = await start();
  await ask(url, 2);
  await capture.until(() => delivered() === 2);
  capture.answer({ status: 503 });
  const before = capture.requests.length;
  await ask(url, 3);
  await capture.until(({ requests }) => requests.length > before + 1);
  expect(delivered()).toBe(2);
  capture.answer({});
  await capture.until(() => delivered() === 5);
  await ask(url, 4);
  expect(await app.stop('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
  expect([delivered(), counted()]).toEqual([9, 9]);
  const kinds = [httpMetrics.requestDuration, aliases.httpRequests, processMetrics.cpuTime, httpMetrics.activeRequests, processMetrics.memoryUsage];
  expect(kinds.map(({ name }) => capture.series(name)[0]?.temporality)).toEqual(['delta', 'delta', 'delta', 'cumulative', 'cumulative']);
});

test('lowmemory leaves what is only looked at cumulative', async () => {
  const { app, url } = await start({ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'LowMemory' });
  await ask(url);
  await capture.until(() => delivered() === 1);
  await app.stop('SIGTERM');
  expect([httpMetrics.requestDuration, processMetrics.cpuTime].map(({ name }) => capture.series(name)[0]?.temporality)).toEqual(['delta', 'cumulative']);
});

test('delta values that are on their way when the process ends are not sent twice', async () => {
  capture.answer({ delay: 5000 });
  const { app, url } = await start({ OTEL_METRIC_EXPORT_INTERVAL: '1000' });
  await ask(url, 3);
  await capture.until(() => delivered() === 3);
  capture.answer({});
  await ask(`${url}/exit`);
  expect(await app.ended).toEqual({ code: 3, signal: null });
  expect([delivered(), counted()]).toEqual([4, 4]);
});

test('delta values that were refused, and wait for the next export when the process ends, are sent', async () => {
  capture.answer({ status: 503 });
  const { app, url } = await start({ OTEL_METRIC_EXPORT_INTERVAL: '1000' });
  await ask(url, 3);
  await capture.until(({ requests }) => requests.length === 1);
  capture.answer({});
  await ask(`${url}/exit`);
  expect(await app.ended).toEqual({ code: 3, signal: null });
  expect([delivered(), counted()]).toEqual([4, 4]);
});

test('delta and cumulative readers at once get each its own', async () => {
  const { web } = await freePorts('web');
  const { app, url } = await start({ OTEL_METRICS_EXPORTER: 'otlp,prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: String(web) });
  const scraped = async () => {
    const text = await (await fetch(`http://127.0.0.1:${web}/metrics`)).text();
    return Number(new RegExp(`^${promName(aliases.httpRequests)}\\{.* (\\d+)$`, 'm').exec(text)?.[1]);
  };
  for (const total of [2, 4, 6]) {
    await ask(url, 2);
    await capture.until(() => delivered() === total);
    expect(await waitFor(scraped, (value) => !Number.isNaN(value))).toBe(total);
  }
  expect(capture.series(httpMetrics.requestDuration.name)[0]?.temporality).toBe('delta');
  await app.stop();
  expect([delivered(), counted()]).toEqual([6, 6]);
});
