import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aliases, featureMetrics, httpMetrics, processMetrics, promName } from '@tallyman/catalog';
import { captureOtlp, type OtlpCapture, type RunningProcess, runApp } from '@tallyman/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { FEATURE } from './ends/ends.test.kit.ts';

const preload = fileURLToPath(new URL('../dist/preload.cjs', import.meta.url));
const server = fileURLToPath(new URL('../fixtures/server.cjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tallyman-preload-'));

let capture: OtlpCapture;
beforeEach(async () => {
  capture = await captureOtlp();
});
afterEach(() => capture.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(env: Record<string, string> = {}, options: Partial<Parameters<typeof runApp>[0]> = {}): Promise<{ app: RunningProcess; url: string }> {
  const app = await runApp({ entry: server, preload, cwd: folder, env: { ...capture.env, ...env }, ...options });
  const [, url = ''] = await app.ready(/listening on (\S+)/);
  return { app, url };
}

const requests = (): number => capture.value(httpMetrics.requestDuration.name, {}) ?? 0;

describe('the end of a process', () => {
  test.each([
    { how: 'by itself', path: '/close', end: { code: 0, signal: null } },
    { how: 'by process.exit', path: '/exit', end: { code: 3, signal: null } },
    { how: 'by an uncaught error', path: '/throw', end: { code: 1, signal: null } },
  ])('$how delivers the last values and keeps the exit code', async ({ path, end }) => {
    const { app, url } = await start();
    await fetch(`${url}${path}`, { headers: { connection: 'close' } });
    expect(await app.ended).toEqual(end);
    expect(requests()).toBe(1);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('by %s delivers the last values and keeps the signal', async (signal) => {
    const { app, url } = await start();
    await fetch(url);
    expect(await app.stop(signal)).toEqual({ code: null, signal });
    expect(requests()).toBe(1);
  });

  test("by the application's own signal handler keeps its exit code, and delivers", async () => {
    const { app, url } = await start({ HANDLE: 'yes' });
    await fetch(url);
    expect(await app.stop('SIGTERM')).toEqual({ code: 7, signal: null });
    expect(requests()).toBe(1);
  });

  test.each(['http/json', 'http/protobuf'])('delivers by %s, compressed, with headers', async (protocol) => {
    const { app, url } = await start({
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20secret',
    });
    await fetch(url);
    await app.stop('SIGTERM');
    expect(requests()).toBe(1);
    expect(capture.requests.at(-1)?.headers).toMatchObject({ authorization: 'Bearer secret', 'content-encoding': 'gzip' });
  });

  test('without a collector is said in one line and changes nothing', async () => {
    const { app, url } = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    await fetch(`${url}/exit`);
    expect(await app.ended).toEqual({ code: 3, signal: null });
    expect(app.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^\[tallyman\] the last values are lost: no connection to http:\/\/127\.0\.0\.1:9\/v1\/metrics/),
    ]);
  });
});

describe('exports', () => {
  test('arrive in the given interval, as the given service', async () => {
    const { app, url } = await start({
      OTEL_METRIC_EXPORT_INTERVAL: '200',
      OTEL_SERVICE_NAME: 'shop',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=other',
    });
    await fetch(url);
    await capture.until(() => requests() === 1);
    expect(capture.resources()[0]).toMatchObject({ 'service.name': 'shop', 'deployment.environment.name': 'test', 'service.instance.id': expect.any(String) });
    expect(capture.value(processMetrics.memoryUsage.name, {})).toBeGreaterThan(1e6);
    await app.stop();
  });

  test('go to /metrics with the names of the collector and the label service', async () => {
    const port = await freePort();
    const { app, url } = await start({ OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: String(port), OTEL_SERVICE_NAME: 'shop' });
    await fetch(url);
    const exposition = await untilText(`http://127.0.0.1:${port}/metrics`, promName(aliases.httpRequests));
    expect(exposition).toContain(`${promName(aliases.httpRequests)}{service="shop",method="GET",status_code="200",status="200"} 1`);
    expect(exposition).toContain(`${promName(httpMetrics.requestDuration)}_bucket{service="shop"`);
    expect(exposition).toMatch(new RegExp(`^${promName(processMetrics.memoryUsage)}\\{service="shop"\\} \\d+$`, 'm'));
    expect(exposition).not.toContain('otel_scope_name');
    expect(capture.requests).toHaveLength(0);
    await app.stop();
  });

  test('do not count scrapes of /metrics', async () => {
    const scrape = async (port: string) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const port = String(await freePort());
    const { app, url } = await start({ OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: port, OTEL_SERVICE_NAME: 'shop' });
    await fetch(url);
    await untilText(`http://127.0.0.1:${port}/metrics`, promName(aliases.httpRequests));
    await scrape(port);
    const exposition = await scrape(port);
    expect(exposition.match(new RegExp(`^${promName(aliases.httpRequests)}\\{.*`, 'gm'))).toEqual([expect.stringMatching(/ 1$/)]);
    expect(exposition).toMatch(new RegExp(`^${promName(httpMetrics.activeRequests)}\\{.* 0$`, 'm'));
    await app.stop();
  });

  test.each([{ OTEL_SDK_DISABLED: 'true' }, { OTEL_METRICS_EXPORTER: 'none' }])('do not happen with %o', async (env) => {
    const { app, url } = await start(env);
    await fetch(url);
    await app.stop();
    expect(capture.requests).toHaveLength(0);
    expect(app.stderr).toBe('');
  });

  test('happen once when the preload is named twice', async () => {
    const { app, url } = await start({}, { nodeFlags: ['--require', preload, '--import', preload] });
    await fetch(url);
    await app.stop();
    expect(requests()).toBe(1);
    expect(capture.requests).toHaveLength(1);
  });

  test('count the memory and CPU of a process with threads once', async () => {
    const source = `const { Worker, isMainThread } = require('node:worker_threads');
      if (isMainThread) new Worker(__filename);
      require('node:http').createServer().listen(0, '127.0.0.1', () => console.log('listening in', isMainThread));`;
    const entry = join(folder, 'threads.cjs');
    writeFileSync(entry, source);
    const app = await runApp({ entry, preload, env: { ...capture.env, OTEL_METRIC_EXPORT_INTERVAL: '100' } });
    const instances = (metric: { readonly name: string }) => new Set(capture.series(metric.name).map(({ resource }) => resource['service.instance.id'])).size;
    await capture.until(() => instances(processMetrics.heapUsed) === 2);
    await app.stop();
    expect([processMetrics.memoryUsage, processMetrics.cpuTime].map(instances)).toEqual([1, 1]);
  });

  test('keep nothing alive of whoever caused the first of them', async () => {
    const entry = join(folder, 'first.cjs');
    const source = `${FEATURE}
      const als = new (require('node:async_hooks').AsyncLocalStorage)();
      globalThis.collected = new FinalizationRegistry(() => { console.log('collected'); process.exit(); });
      const first = () => { const store = {}; collected.register(store); als.run(store, () => feature('work', () => {})); };
      first();
      setInterval(gc, 20);`;
    writeFileSync(entry, source);
    const app = await runApp({ entry, preload, nodeFlags: ['--expose-gc'], env: { ...capture.env, OTEL_METRIC_EXPORT_INTERVAL: '100' } });
    onTestFinished(() => void app.stop('SIGKILL'));
    await capture.until(() => capture.value(featureMetrics.usage.name, {}) === 1);
    await app.ready(/collected/);
  });

  test('leave out what is disabled', async () => {
    const { app, url } = await start({ OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http', OTEL_METRIC_EXPORT_INTERVAL: '200' });
    await fetch(url);
    await capture.until(() => capture.value(processMetrics.memoryUsage.name, {}) !== undefined);
    expect(capture.series(httpMetrics.requestDuration.name)).toEqual([]);
    await app.stop();
  });

  test('beside traces are not doubled: instrumentation-http starts, its metrics do not', async () => {
    const { app, url } = await start({ OTEL_TRACES_EXPORTER: 'console', OTEL_METRIC_EXPORT_INTERVAL: '200' });
    await fetch(url);
    await capture.until(() => requests() === 1);
    await app.ready(/SERVER|kind: 1/);
    await app.stop();
    expect(requests()).toBe(1);
    expect(capture.series(httpMetrics.requestDuration.name)).toHaveLength(1);
  });

  test('keep their time where the application has put a fake clock in the place of timers', async () => {
    const app = await runApp({
      args: [
        '-e',
        `require('node:test').mock.timers.enable();
         const server = require('node:http').createServer((request, response) => response.end('ok'));
         server.listen(0, '127.0.0.1', () => console.log('listening on http://127.0.0.1:' + server.address().port));`,
      ],
      preload,
      env: { ...capture.env, OTEL_METRIC_EXPORT_INTERVAL: '100' },
    });
    const [, url = ''] = await app.ready(/listening on (\S+)/);
    await fetch(url);
    await capture.until(() => requests() === 1);
    expect(await app.stop('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
  });

  test('and the SDK are not even loaded by a process that measures nothing', async () => {
    const app = await runApp({
      args: ['-e', 'console.log(Object.keys(require.cache).filter((file) => /sdk\\.cjs|serializer\\.cjs/.test(file)).length)'],
      preload,
      env: { ...capture.env },
    });
    expect(await app.ended).toEqual({ code: 0, signal: null });
    expect([app.stdout.trim(), app.stderr]).toEqual(['0', '']);
    expect(capture.requests).toHaveLength(0);
  });
});

describe('a configuration', () => {
  beforeAll(() => {
    writeFileSync(join(folder, 'unknown-key.json'), JSON.stringify({ features: { match: { routez: [] } } }));
    writeFileSync(join(folder, 'bad-value.mjs'), "export default { queues: { depth: 'sometimes' }, caps: { features: 0 } };");
    writeFileSync(join(folder, 'broken.json'), '{');
    writeFileSync(join(folder, 'waiting.mjs'), 'await 1; export default {};');
    writeFileSync(join(folder, 'throwing.cjs'), "throw new Error('secret');");
    writeFileSync(join(folder, 'good.mjs'), "export default { http: { ignorePaths: ['/health'] } };");
  });

  test.each([
    ['unknown-key.json', /features\.match\.routez is not known; allowed are routes, jobs, version/],
    ['bad-value.mjs', /queues\.depth is "sometimes"; allowed are .*"on".*"off".*; caps\.features must be at least 1/],
    ['broken.json', /is no valid JSON/],
    ['waiting.mjs', /top-level await/],
    ['throwing.cjs', /throws when it is loaded \(Error\)/],
    ['absent.json', /TALLYMAN_CONFIG names .* which is not there/],
  ])('that cannot be used (%s) gets one line, and the application starts without Tallyman', async (name, line) => {
    const { app, url } = await start({ TALLYMAN_CONFIG: join(folder, name) });
    expect((await fetch(url)).status).toBe(200);
    await app.stop();
    const lines = app.stderr.trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(line);
    expect(lines[0]).toContain(name);
    expect(lines[0]).not.toContain('secret');
    expect(capture.requests).toHaveLength(0);
  });

  test('that is good is used', async () => {
    const { app, url } = await start({ TALLYMAN_CONFIG: join(folder, 'good.mjs') });
    await fetch(`${url}/health`);
    await fetch(`${url}/other`);
    await app.stop();
    expect(requests()).toBe(1);
  });
});

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** The text of a page as soon as it can be had and contains what is looked for. */
async function untilText(url: string, wanted: string): Promise<string> {
  for (const deadline = Date.now() + 10_000; ; ) {
    const text = await fetch(url).then(
      (response) => response.text(),
      () => '',
    );
    if (text.includes(wanted)) return text;
    if (Date.now() > deadline) throw new Error(`no ${wanted} at ${url} within 10 s: ${text.slice(0, 500)}`);
    await new Promise(setImmediate);
  }
}
