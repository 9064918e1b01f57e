import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { httpMetrics, promName } from '@tallyman/catalog';
import { captureOtlp, type RunningProcess, waitFor } from '@tallyman/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Application, fixture, freePort, linesOf, page, startApplication } from '../application.test.kit.ts';

const count = `${promName(httpMetrics.requestDuration)}_count`;

let port: number;
let running: RunningProcess[] = [];
beforeEach(async () => {
  port = await freePort();
});
afterEach(async () => {
  await Promise.all(running.map((app) => app.stop()));
  running = [];
});

async function start(env: Record<string, string> = {}, options: Parameters<typeof startApplication>[0] = {}): Promise<Application> {
  const application = await startApplication({
    env: { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: String(port), OTEL_METRIC_EXPORT_INTERVAL: '300', ...env },
    ...options,
  });
  running.push(application.app);
  return application;
}

const metrics = (accept?: (text: string) => boolean): Promise<string> => page(`http://127.0.0.1:${port}/metrics`, accept);
const owner = async (): Promise<number> => Number(/process (\d+)/.exec((await fetch(`http://127.0.0.1:${port}/metrics`)).headers.get('server') ?? '')?.[1]);

/** The number of requests that the page tells of. */
function requestsOn(text: string): number {
  return [...text.matchAll(new RegExp(`^${count}\\{.*\\} (\\d+)$`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0);
}

describe('/metrics', () => {
  test('is on 127.0.0.1 alone unless a host is set, and its own requests are none of the application', async () => {
    const { app, url } = await start();
    await fetch(url);
    for (let scrape = 0; scrape < 5; scrape++) await metrics();
    expect(requestsOn(await metrics())).toBe(1);
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
    for (const host of [outside, '127.0.0.2', '[::1]']) {
      if (host !== undefined) await expect(fetch(`http://${host}:${port}/metrics`)).rejects.toThrow();
    }
    expect(linesOf(app)).toEqual([]);
  });

  test('answers HEAD, and nothing but GET and HEAD of its own path', async () => {
    await start();
    await metrics();
    const ask = (path: string, method: string) => fetch(`http://127.0.0.1:${port}${path}`, { method });
    const head = await ask('/metrics', 'HEAD');
    expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8', '']);
    expect((await ask('/metrics?format=text', 'GET')).status).toBe(200);
    expect((await ask('/', 'GET')).status).toBe(404);
    expect((await ask('/metrics', 'POST')).status).toBe(405);
  });

  test.each(['::1', '[::1]'])('is on IPv6 with OTEL_EXPORTER_PROMETHEUS_HOST=%s', async (host) => {
    await start({ OTEL_EXPORTER_PROMETHEUS_HOST: host });
    expect(await page(`http://[::1]:${port}/metrics`)).toContain('target_info{');
  });

  test('is on a free port, which is said, with port 0', async () => {
    const { app } = await start({ OTEL_EXPORTER_PROMETHEUS_PORT: '0' });
    const [, url = ''] = await app.ready(/\[tallyman\] \/metrics of this process is served at (\S+)/);
    expect(await page(url)).toContain('target_info{');
  });

  test.each([
    [
      { OTEL_EXPORTER_PROMETHEUS_HOST: '192.0.2.1' },
      /http:\/\/192\.0\.2\.1:\d+\/metrics cannot be served \(EADDRNOTAVAIL\): set OTEL_EXPORTER_PROMETHEUS_HOST/,
    ],
    [{ OTEL_EXPORTER_PROMETHEUS_HOST: 'no.such.host.invalid' }, /cannot be served \((ENOTFOUND|EAI_AGAIN)\)/],
  ])('that cannot be had (%o) is said once, and the application runs', async (env, line) => {
    const { app, url } = await start(env);
    await app.ready(line);
    expect((await fetch(url)).status).toBe(200);
    expect(await app.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(linesOf(app)).toHaveLength(1);
  });

  test('with a wrong port is at 9464 instead, which is said', async () => {
    const { app } = await start({ OTEL_EXPORTER_PROMETHEUS_PORT: '70000' });
    await app.ready(/OTEL_EXPORTER_PROMETHEUS_PORT=70000 must be a port from 0 to 65535; using 9464/);
  });

  test('stays readable whatever the resource holds: attributes that become the same label, and keys that are none', async () => {
    const { app } = await start({ OTEL_RESOURCE_ATTRIBUTES: 'a.b=1,a_b=2,a__b=3,0abc=4,%C3%BC=5,quote=%22%0A%5C,le=6,service=7,__name__=8' });
    const text = await metrics();
    const [info = ''] = /^target_info\{.*$/m.exec(text) ?? [];
    const names = [...info.matchAll(/([A-Za-z_][A-Za-z0-9_]*)="(?:[^"\\]|\\.)*"/g)].map(([, name]) => name);
    expect(info).toBe(`target_info{${info.slice('target_info{'.length, info.lastIndexOf('}'))}} 1`);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['a_b', 'quote', 'service_name']));
    expect(info).toContain('quote="\\" \\\\"');
    expect(linesOf(app)).toEqual([]);
  });

  test('holds no process alive, with the connection of a scraper open', async () => {
    const { app, url } = await start();
    await metrics();
    await fetch(`${url}/close`, { headers: { connection: 'close' } });
    const asked = performance.now();
    expect(await app.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - asked).toBeLessThan(3000);
  });
});

describe('a port', () => {
  test('of a foreign program is named once, retried, and taken when it is free; other exporters go on', async () => {
    const capture = await captureOtlp();
    const foreign = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => foreign.listen(port, '127.0.0.1', resolve));
    const { app, url } = await start({ ...capture.env, OTEL_METRICS_EXPORTER: 'prometheus,otlp' });
    await fetch(url);
    await app.ready(/\/metrics is taken by another program: set OTEL_EXPORTER_PROMETHEUS_PORT to a free port/);
    await capture.until(() => capture.value(httpMetrics.requestDuration.name) === 1 && capture.requests.length > 4);
    expect(linesOf(app)).toHaveLength(1);
    await new Promise((resolve) => foreign.close(resolve));
    expect(requestsOn(await metrics())).toBe(1);
    expect(linesOf(app)).toEqual([expect.anything(), expect.stringMatching(/\/metrics of this process is served at http:\/\/127\.0\.0\.1:\d+\/metrics$/)]);
    await capture.close();
  });

  test('of a process of ours has one owner; the others name it, measure on, and one takes over when it ends', async () => {
    const first = await start();
    await metrics();
    expect(await owner()).toBe(first.app.pid);
    const second = await start();
    await fetch(second.url);
    await second.app.ready(
      new RegExp(
        `/metrics is served by process ${first.app.pid}, with its own values alone; those of this process are not there\\. .*OTEL_METRICS_EXPORTER=otlp`,
      ),
    );
    expect(requestsOn(await metrics())).toBe(0);
    await first.app.stop();
    await waitFor(owner, (pid) => pid === second.app.pid);
    expect(requestsOn(await metrics())).toBe(1);
  });

  test('of a parent is not the one of a child that NODE_OPTIONS preloads', async () => {
    const { app } = await start({}, { entry: fixture('processes.cjs'), args: ['child'] });
    const [, child] = await app.ready(/child (\d+) listening/);
    await app.ready(new RegExp(`served by process ${app.pid}, with its own values alone`));
    expect(Number(child)).not.toBe(app.pid);
    expect(await owner()).toBe(app.pid);
  });

  test('of a main thread is not the one of its worker threads, which say so', async () => {
    const { app } = await start({}, { entry: fixture('processes.cjs'), args: ['thread'] });
    await app.ready(/thread \d+ listening/);
    await app.ready(/served by another thread of this process, with its own values alone; those of this thread are not there/);
    expect(await owner()).toBe(app.pid);
  });
});

describe('a cluster', () => {
  test('has its page in one worker, always the same, never in the primary; the others say so; when it ends another takes over', async () => {
    const { app, url } = await start({}, { entry: fixture('processes.cjs'), args: ['cluster'] });
    await app.ready(/primary of a cluster and leaves http:\/\/127\.0\.0\.1:\d+\/metrics to one of its workers/);
    const workers = await waitFor(
      () => [...app.stdout.matchAll(/worker (\d+) listening/g)].map(([, pid]) => Number(pid)),
      ({ length }) => length === 3,
    );
    await waitFor(owner, (pid) => workers.includes(pid));
    const first = await owner();
    const owners = new Set<number>();
    for (let scrape = 0; scrape < 20; scrape++) owners.add(await owner());
    expect([...owners]).toEqual([first]);
    await waitFor(
      () => linesOf(app).filter((line) => line.includes(`served by process ${first}`)),
      ({ length }) => length === 2,
    );
    // Every request is counted by the worker that served it: the page has the share of its own.
    const served: number[] = [];
    for (let request = 0; request < 9; request++) served.push(Number(await (await fetch(url, { headers: { connection: 'close' } })).text()));
    expect(requestsOn(await metrics())).toBe(served.filter((pid) => pid === first).length);
    process.kill(first, 'SIGKILL');
    await waitFor(owner, (pid) => pid !== first && workers.includes(pid));
  });
});
