import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { aliases, httpMetrics, processMetrics, promName } from '@tallyman/catalog';
import { captureOtlp, type OtlpCapture, waitFor } from '@tallyman/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Application, fixture, freePort, linesOf, page, startApplication } from '../application.test.kit.ts';
import { otlpTarget } from '../otlp/target.ts';

const folder = mkdtempSync(join(tmpdir(), 'tallyman-environment-'));
let capture: OtlpCapture;
let running: Application[] = [];
beforeAll(() => {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'from-the-folder', version: '1.2.3' }));
});
beforeEach(async () => {
  capture = await captureOtlp();
});
afterEach(async () => {
  await Promise.all(running.map(({ app }) => app.stop()));
  running = [];
  await capture.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const duration = httpMetrics.requestDuration.name;
const requests = (): number => capture.value(duration, {}) ?? 0;
const requestsName = promName(aliases.httpRequests);

/** Starts an application with exactly these variables, and sends it one request. */
async function serve(env: Record<string, string>, options: Parameters<typeof startApplication>[0] = {}): Promise<Application> {
  const application = await startApplication({ env, cwd: folder, ...options });
  running.push(application);
  expect((await fetch(application.url)).status).toBe(200);
  return application;
}

/** As `serve`, with the endpoint of the capture, until its request is there, or not to be waited for, and it has ended; gives back what the preload said. */
async function linesWith(env: Record<string, string>, arrives = true): Promise<string[]> {
  const { app } = await serve({ ...capture.env, ...(arrives && { OTEL_METRIC_EXPORT_INTERVAL: '200' }), ...env });
  if (arrives && env.OTEL_METRIC_EXPORT_INTERVAL === undefined) await capture.until(() => requests() === 1);
  expect(await app.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  return linesOf(app);
}

describe('OTEL_SDK_DISABLED', () => {
  test.each(['true', 'TRUE', ' True '])('%j does nothing', async (value) => {
    expect(await linesWith({ OTEL_SDK_DISABLED: value }, false)).toEqual([]);
    expect(capture.requests).toHaveLength(0);
  });

  test.each([
    ['false', []],
    ['', []],
    ['1', ['[tallyman] OTEL_SDK_DISABLED=1 must be true or false; using false']],
  ])('%j does not', async (value, lines) => {
    expect(await linesWith({ OTEL_SDK_DISABLED: value })).toEqual(lines);
    expect(requests()).toBe(1);
  });
});

describe('the resource', () => {
  test('is what OTEL_RESOURCE_ATTRIBUTES says, percent-decoded; OTEL_SERVICE_NAME has the last word; pairs that are none are named by their place', async () => {
    const lines = await linesWith({
      OTEL_SERVICE_NAME: 'shop',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=te%20st%2C1,without-value,=without-key,bad=%E0%A4,team=a=b,__proto__=polluted',
    });
    expect(lines).toEqual([expect.stringMatching(/^\[tallyman\] OTEL_RESOURCE_ATTRIBUTES: pairs 3, 4, 5 are not usable; .*percent-encoding/)]);
    const [resource] = capture.resources();
    expect(resource).toMatchObject({
      'service.name': 'shop',
      'deployment.environment.name': 'te st,1',
      team: 'a=b',
      'telemetry.distro.name': 'tallyman',
    });
    expect(resource).not.toHaveProperty('bad');
  });

  test('is named by the nearest package.json unless a variable names it', async () => {
    const entry = join(folder, 'server.cjs');
    writeFileSync(entry, readFileSync(fixture('server.cjs')));
    const { app } = await serve({ ...capture.env }, { entry });
    await app.stop();
    expect(capture.resources()[0]).toMatchObject({ 'service.name': 'from-the-folder', 'service.version': '1.2.3' });
  });
});

describe('OTEL_METRICS_EXPORTER', () => {
  test('takes a list: otlp, prometheus and console all get the values', async () => {
    const port = await freePort();
    const { app } = await serve({
      ...capture.env,
      OTEL_METRICS_EXPORTER: 'otlp, Prometheus,console',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      OTEL_METRIC_EXPORT_INTERVAL: '200',
    });
    await page(`http://127.0.0.1:${port}/metrics`, (text) => text.includes(`${requestsName}{`));
    await app.ready(/http\.server\.request\.duration/);
    await capture.until(() => requests() === 1);
  });

  test.each([
    ['statsd', 1, /OTEL_METRICS_EXPORTER names statsd; allowed are otlp, prometheus, console, none; using otlp$/],
    ['statsd,otlp', 1, /OTEL_METRICS_EXPORTER names statsd; .*using otlp$/],
    ['otlp,none', 0, undefined],
    ['NONE', 0, undefined],
  ])('%s', async (value, arrived, line) => {
    expect(await linesWith({ OTEL_METRICS_EXPORTER: value }, arrived > 0)).toEqual(line === undefined ? [] : [expect.stringMatching(line)]);
    expect(requests()).toBe(arrived);
  });
});

describe('OTEL_EXPORTER_OTLP_*', () => {
  test.each([
    ['a base', (url: string) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url }), '/v1/metrics'],
    ['a base with a slash', (url: string) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/` }), '/v1/metrics'],
    ['a base with a path and a query', (url: string) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/otlp/?key=1` }), '/otlp/v1/metrics?key=1'],
    ['an endpoint for metrics, taken as it is', (url: string) => ({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/own` }), '/own'],
    ['an endpoint for metrics without a path', (url: string) => ({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: url }), '/'],
    [
      'both, of which the one for metrics counts',
      (url: string) => ({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/own`, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }),
      '/own',
    ],
    [
      'an empty one for metrics, which counts as unset',
      (url: string) => ({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: ' ', OTEL_EXPORTER_OTLP_ENDPOINT: url }),
      '/v1/metrics',
    ],
  ])('ENDPOINT: %s', async (_what, env, path) => {
    const { app } = await serve({ ...env(capture.url), OTEL_METRIC_EXPORT_INTERVAL: '200' });
    await capture.until(() => capture.requests.length > 0);
    await fetch(running[0]?.url ?? '');
    await app.stop();
    // Both ways out, the exporter and the delivery at the end.
    expect(new Set(capture.requests.map((request) => request.path))).toEqual(new Set([path]));
    expect(capture.requests.length).toBeGreaterThan(1);
    expect(linesOf(app)).toEqual([]);
  });

  test.each([
    ['collector:4318', /OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=collector:4318 must be a URL that starts with http:\/\/ or https:\/\/; using (\S+)\/v1\/metrics$/],
    ['ftp://user:secret@host/x', /OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=an address that is no URL must be a URL/],
    ['http://', /OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http:\/\/ must be a URL/],
  ])('ENDPOINT %s gets one line, and what is more general is used', async (value, line) => {
    const lines = await linesWith({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: value });
    expect(lines).toEqual([expect.stringMatching(line)]);
    expect(lines[0]).toContain(capture.url);
    expect(lines[0]).not.toContain('secret');
    expect(requests()).toBe(1);
  });

  test('ENDPOINT with a password is never shown with it, whatever becomes of it', async () => {
    const { app } = await serve({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:secret@127.0.0.1:9/?token=secret',
      OTEL_EXPORTER_OTLP_TIMEOUT: '300',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
    });
    await app.ready(/values do not arrive at http:\/\/127\.0\.0\.1:9\/v1\/metrics/);
    await app.stop();
    expect(app.stderr).not.toContain('secret');
  });

  test.each(['the exporter', 'the delivery at the end'])('HEADERS: those for metrics before the general ones; by %s', async (way) => {
    const { app } = await serve({
      ...capture.env,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20general,x-general=yes,broken=%E0%A4',
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'authorization=Bearer%20own,x-list=a=b',
      OTEL_METRIC_EXPORT_INTERVAL: way === 'the exporter' ? '200' : '60000',
    });
    if (way === 'the exporter') await capture.until(() => requests() === 1);
    await app.stop();
    expect(capture.requests[0]?.headers).toMatchObject({ authorization: 'Bearer own', 'x-general': 'yes', 'x-list': 'a=b' });
    expect(linesOf(app)).toEqual([expect.stringMatching(/^\[tallyman\] OTEL_EXPORTER_OTLP_HEADERS: pair 3 is not usable/)]);
    expect(app.stderr).not.toMatch(/Bearer|%E0/);
  });

  test('TIMEOUT ends an export that is not answered; the one for metrics counts', async () => {
    capture.answer({ blackHole: true });
    const { app } = await serve({
      ...capture.env,
      OTEL_EXPORTER_OTLP_TIMEOUT: '60000',
      OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '300',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_METRIC_EXPORT_TIMEOUT: '400',
    });
    await app.ready(/values do not arrive/, 5000);
    capture.answer({});
    await capture.until(() => requests() === 1);
  });

  test.each([
    [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }, 'gzip', 'application/x-protobuf'],
    [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip', OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: 'None' }, undefined, 'application/x-protobuf'],
    [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'none', OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: 'gzip' }, 'gzip', 'application/x-protobuf'],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, undefined, 'application/json'],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'HTTP/PROTOBUF' }, undefined, 'application/x-protobuf'],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json' }, undefined, 'application/json'],
  ])('%o', async (env, encoding, type) => {
    const { app, url } = await serve({ ...capture.env, ...env, OTEL_METRIC_EXPORT_INTERVAL: '200' } as Record<string, string>);
    await capture.until(() => requests() === 1);
    await fetch(url);
    await app.stop();
    expect(requests()).toBe(2);
    for (const { headers } of capture.requests) expect([headers['content-encoding'], headers['content-type']]).toEqual([encoding, type]);
  });

  describe('INSECURE', () => {
    test.each([
      [{ OTEL_EXPORTER_OTLP_INSECURE: 'True' }, true],
      [{ OTEL_EXPORTER_OTLP_INSECURE: 'false', OTEL_EXPORTER_OTLP_METRICS_INSECURE: 'true' }, true],
      [{ OTEL_EXPORTER_OTLP_INSECURE: 'true', OTEL_EXPORTER_OTLP_METRICS_INSECURE: 'false' }, false],
      [{}, false],
    ])('%o: whether a host:port of grpc is not encrypted', async (env, arrives) => {
      const collector = await captureOtlp({ isGrpc: true });
      const { app } = await serve({
        ...collector.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: new URL(collector.url).host,
        OTEL_METRIC_EXPORT_INTERVAL: '200',
        ...env,
      } as Record<string, string>);
      if (arrives) await collector.until(() => collector.value(duration, {}) === 1);
      else await app.ready(/values do not arrive/);
      await app.stop();
      expect(collector.requests.length > 0).toBe(arrives);
      await collector.close();
    });

    test.each([
      ['', 'http://localhost:4317'],
      ['https://collector:4317/v1/metrics', 'https://collector:4317'],
      ['HTTP://collector:4317/', 'http://collector:4317'],
      ['collector:4317', 'https://collector:4317'],
      ['dns:///collector:4317', 'https://collector:4317'],
      ['unix:///run/collector.sock', 'http://localhost:4317'],
      ['ftp://collector', 'http://localhost:4317'],
      ['col lector', 'http://localhost:4317'],
    ])('%j is the server %s', (address, url) => {
      vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', address);
      vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc');
      vi.stubEnv('OTEL_LOG_LEVEL', 'none');
      expect(otlpTarget().url).toBe(url);
      vi.unstubAllEnvs();
    });
  });

  describe('CERTIFICATE, CLIENT_CERTIFICATE and CLIENT_KEY', () => {
    const certificate = fixture('tls/certificate.pem');
    const key = fixture('tls/key.pem');
    const received: { readonly authorized: boolean; readonly body: number }[] = [];
    const server = createServer(
      { cert: readFileSync(certificate), key: readFileSync(key), ca: readFileSync(certificate), requestCert: true },
      (request, response) => {
        let body = 0;
        request.on('data', (chunk: Buffer) => {
          body += chunk.length;
        });
        request.on('end', () => {
          received.push({ authorized: (request.socket as TLSSocket).authorized, body });
          response.end();
        });
      },
    );
    let endpoint: string;
    beforeAll(async () => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      endpoint = `https://localhost:${(server.address() as AddressInfo).port}`;
    });
    beforeEach(() => {
      received.length = 0;
    });
    afterAll(() => void server.close());

    const general = {
      OTEL_EXPORTER_OTLP_CERTIFICATE: certificate,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certificate,
      OTEL_EXPORTER_OTLP_CLIENT_KEY: key,
    };
    /** Those for metrics beside general ones that are of no use. */
    const own = {
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere.pem',
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: '/nowhere.pem',
      OTEL_EXPORTER_OTLP_CLIENT_KEY: '/nowhere.pem',
      OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE: certificate,
      OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE: certificate,
      OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY: key,
    };
    test.each([
      ['the general ones', 'the exporter', general],
      ['those for metrics', 'the exporter', own],
      ['those for metrics', 'the delivery at the end', own],
    ])('%s reach a server that wants both; by %s', async (_which, way, files) => {
      const { app } = await serve({
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        ...files,
        OTEL_METRIC_EXPORT_INTERVAL: way === 'the exporter' ? '200' : '60000',
      });
      if (way === 'the exporter')
        await waitFor(
          () => received.length,
          (count) => count > 0,
        );
      await app.stop();
      expect(received[0]).toEqual({ authorized: true, body: expect.any(Number) });
      expect(linesOf(app)).toEqual([]);
    });

    test('for traces count for spans alone', async () => {
      const { app } = await serve({
        ...capture.env,
        OTEL_METRIC_EXPORT_INTERVAL: '200',
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_BSP_SCHEDULE_DELAY: '200',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/v1/traces`,
        OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: certificate,
        OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: certificate,
        OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: key,
      });
      await waitFor(
        () => received.length,
        (count) => count > 0,
      );
      await capture.until(() => requests() === 1);
      await app.stop();
      expect(received[0]).toEqual({ authorized: true, body: expect.any(Number) });
      expect(linesOf(app)).toEqual([]);
    });

    test('that cannot be read, or are none, are said, and the application runs', async () => {
      const { app } = await serve({
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_EXPORTER_OTLP_CERTIFICATE: folder,
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: join(folder, 'absent.pem'),
        OTEL_METRIC_EXPORT_INTERVAL: '200',
      });
      await app.ready(/values do not arrive at https:\/\/localhost:\d+\/v1\/metrics \([A-Z_]+\)/);
      expect(linesOf(app)).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/OTEL_EXPORTER_OTLP_CERTIFICATE=\S+ must be the path of a readable file; using none$/),
          expect.stringMatching(/OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=\S+ must be the path of a readable file; using none$/),
        ]),
      );
      expect((await fetch(running[0]?.url ?? '')).status).toBe(200);
    });

    test('that hold no PEM end no application', async () => {
      const { app, url } = await serve({
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_EXPORTER_OTLP_CERTIFICATE: join(folder, 'package.json'),
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: join(folder, 'package.json'),
        OTEL_METRIC_EXPORT_INTERVAL: '200',
      });
      await app.ready(/values do not arrive/);
      expect((await fetch(url)).status).toBe(200);
      expect(await app.stop()).toEqual({ code: null, signal: 'SIGTERM' });
      expect(received).toEqual([]);
    });
  });
});

describe('OTEL_METRIC_EXPORT_INTERVAL and _TIMEOUT', () => {
  test.each([
    ['unset', {}, 15_000],
    ['700000', { OTEL_METRIC_EXPORT_INTERVAL: '700000' }, 700_000],
  ])('%s: the time between two exports', async (_what, env, milliseconds) => {
    const { app } = await serve({ ...capture.env, ...env }, { nodeFlags: ['--require', fixture('noted-timers.cjs')] });
    await app.ready(/^setInterval \d+$/m);
    await app.stop();
    expect(app.stdout.match(/^setInterval .*$/gm)).toEqual([`setInterval ${milliseconds}`]);
    // At the end.
    expect(capture.requests).toHaveLength(1);
  });

  test('_TIMEOUT ends an export that is not answered, however long OTLP may take', async () => {
    capture.answer({ blackHole: true });
    const { app } = await serve({
      ...capture.env,
      OTEL_EXPORTER_OTLP_TIMEOUT: '600000',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_METRIC_EXPORT_TIMEOUT: '300',
    });
    await app.ready(/values do not arrive/);
    capture.answer({});
    await capture.until(() => requests() === 1);
  });

  test('_TIMEOUT beyond the interval is the interval', async () => {
    const { app } = await serve({ ...capture.env, OTEL_METRIC_EXPORT_INTERVAL: '250' }, { nodeFlags: ['--require', fixture('noted-timers.cjs')] });
    await app.ready(/^setTimeout 250$/m);
    await app.stop();
    expect(app.stdout).not.toMatch(/^setTimeout 30000$/m);
  });

  test('with wrong values fall back and say so; a longer timeout than the interval is no fault', async () => {
    const lines = await linesWith({ OTEL_METRIC_EXPORT_INTERVAL: '15s', OTEL_METRIC_EXPORT_TIMEOUT: '-1', OTEL_EXPORTER_OTLP_TIMEOUT: '99999999999' });
    expect(lines.sort()).toEqual([
      '[tallyman] OTEL_EXPORTER_OTLP_TIMEOUT=99999999999 must be a whole number of milliseconds from 1 to 2147483647; using 10000',
      '[tallyman] OTEL_METRIC_EXPORT_INTERVAL=15s must be a whole number of milliseconds from 1 to 2147483647; using 15000',
      '[tallyman] OTEL_METRIC_EXPORT_TIMEOUT=-1 must be a whole number of milliseconds from 1 to 2147483647; using 30000',
    ]);
    expect(requests()).toBe(1);
  });
});

describe('wrong words', () => {
  test('are each named once with what is allowed and what is used', async () => {
    const lines = await linesWith({
      OTEL_LOG_LEVEL: 'loud',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'carrier pigeon',
      OTEL_EXPORTER_OTLP_COMPRESSION: `br\n[tallyman] forged ${'x'.repeat(200)}`,
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'sometimes',
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
      OTEL_TRACES_EXPORTER: 'jaeger',
      OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,fs,opanai,@opentelemetry/instrumentation-http',
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pg,strip',
    });
    const adapters = 'http, express, fastify, openai, stripe, bullmq, pg-boss';
    expect(lines.sort()).toEqual([
      `[tallyman] OTEL_EXPORTER_OTLP_COMPRESSION=br [tallyman] forged ${'x'.repeat(39)}... must be none or gzip; using none`,
      '[tallyman] OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION=base2_exponential_bucket_histogram must be explicit_bucket_histogram; using explicit_bucket_histogram',
      '[tallyman] OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=sometimes must be cumulative, delta or lowmemory; using cumulative',
      '[tallyman] OTEL_EXPORTER_OTLP_PROTOCOL=carrier pigeon must be http/protobuf, http/json or grpc; using http/protobuf',
      '[tallyman] OTEL_LOG_LEVEL=loud must be none, error, warn, info, debug, verbose or all; using info',
      `[tallyman] OTEL_NODE_DISABLED_INSTRUMENTATIONS names strip; allowed are ${adapters}; ignored`,
      `[tallyman] OTEL_NODE_ENABLED_INSTRUMENTATIONS names opanai, @opentelemetry/instrumentation-http; allowed are ${adapters}; ignored`,
      '[tallyman] OTEL_TRACES_EXPORTER names jaeger; allowed are otlp, console, zipkin, none; ignored',
    ]);
    expect(requests()).toBe(1);
  });

  test.each([
    ['none', 0],
    ['ERROR', 0],
    ['Warn', 1],
    ['info', 1],
    ['DEBUG', 1],
    ['VERBOSE', 1],
    ['all', 1],
    ['', 1],
  ])('and OTEL_LOG_LEVEL=%s decides whether a warning is said', async (level, said) => {
    expect(await linesWith({ OTEL_LOG_LEVEL: level, OTEL_EXPORTER_OTLP_COMPRESSION: 'br' })).toHaveLength(said);
  });
});

test.each([
  ['error', 0, 0],
  ['warn', 1, 0],
  ['info', 1, 1],
  ['none', 0, 0],
])('OTEL_LOG_LEVEL=%s: lines of warnings and of information', async (level, ...said) => {
  const env = { ...capture.env, THEIRS: capture.url, WHEN: 'first', OTEL_LOG_LEVEL: level, OTEL_EXPORTER_OTLP_COMPRESSION: 'br' };
  const { app } = await serve(env, { entry: fixture('own-sdk.cjs') });
  await capture.until(() => capture.value(aliases.httpRequests.name, {}) === 1);
  await app.stop();
  const kinds = [/OTEL_EXPORTER_OTLP_COMPRESSION=br/, /own OpenTelemetry SDK reports/];
  expect(kinds.map((kind) => linesOf(app).filter((line) => kind.test(line)).length)).toEqual(said);
});

describe('OTEL_NODE_ENABLED_INSTRUMENTATIONS and OTEL_NODE_DISABLED_INSTRUMENTATIONS', () => {
  test.each([
    [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http' }, 1],
    [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'openai,fs' }, undefined],
    [{ OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http' }, undefined],
    [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http', OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http' }, undefined],
    [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: '', OTEL_NODE_DISABLED_INSTRUMENTATIONS: ',' }, 1],
  ])('%o', async (env, value) => {
    const { app } = await serve({ ...capture.env, OTEL_METRIC_EXPORT_INTERVAL: '200', ...env } as Record<string, string>);
    await capture.until(() => capture.value(processMetrics.memoryUsage.name, {}) !== undefined);
    await app.stop();
    expect(capture.value(duration)).toBe(value);
    expect(linesOf(app)).toEqual([]);
  });
});

describe('OTEL_TRACES_EXPORTER', () => {
  test('sends spans of requests to the endpoint, none of our own exports, and HTTP metrics once', async () => {
    const { app, url } = await serve({ ...capture.env, OTEL_TRACES_EXPORTER: 'otlp', OTEL_BSP_SCHEDULE_DELAY: '200', OTEL_METRIC_EXPORT_INTERVAL: '200' });
    await capture.until(() => requests() === 1 && spans(capture) > 0);
    const before = capture.requests.length;
    await fetch(url);
    await capture.until(() => requests() === 2 && spans(capture) > 1 && capture.requests.length > before + 4);
    await app.stop();
    expect(capture.series(duration)).toHaveLength(1);
    expect(bodies(capture).match(/GET/g)?.length).toBeGreaterThan(0);
    expect(bodies(capture)).not.toContain('/v1/metrics');
    expect(linesOf(app)).toEqual([]);
  });

  test('sends them by OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, whose wrong value is said; metrics go by their own', async () => {
    for (const [protocol, type, lines] of [
      ['HTTP/JSON', 'application/json', []],
      ['pigeon', 'application/x-protobuf', [expect.stringMatching(/OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=pigeon must be .*; using http\/protobuf$/)]],
    ] as const) {
      const own = await captureOtlp();
      const { app } = await serve({ ...own.env, OTEL_TRACES_EXPORTER: 'otlp', OTEL_BSP_SCHEDULE_DELAY: '200', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol });
      await own.until(() => spans(own) > 0);
      await app.stop();
      const types = own.requests.map(({ path, contentType }) => `${path} ${contentType}`);
      expect(new Set(types)).toEqual(new Set([`/v1/traces ${type}`, '/v1/metrics application/x-protobuf']));
      expect(linesOf(app)).toEqual(lines);
      await own.close();
    }
  });

  describe('sends spans in batches', () => {
    const LATER = { OTEL_TRACES_EXPORTER: 'otlp', OTEL_BSP_SCHEDULE_DELAY: '3600000' };

    test('of OTEL_BSP_SCHEDULE_DELAY, and what is left at the end', async () => {
      const { app, url } = await serve({ ...capture.env, ...LATER, OTEL_METRIC_EXPORT_INTERVAL: '100' });
      // Six seconds of exports: one more than spans wait unless it is set.
      await capture.until(() => capture.requests.length > 60);
      expect(spans(capture)).toBe(0);
      await fetch(`${url}/close`, { headers: { connection: 'close' } });
      expect(await app.ended).toEqual({ code: 0, signal: null });
      expect(spans(capture)).toBe(1);
    });

    test.each(['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 'OTEL_BSP_MAX_QUEUE_SIZE'])('that %s makes full', async (name) => {
      await serve({ ...capture.env, ...LATER, [name]: '1' });
      await capture.until(() => spans(capture) === 1);
    });

    test('the next of which waits for the one before as long as OTEL_BSP_EXPORT_TIMEOUT says', async () => {
      capture.answer({ blackHole: true });
      const { url } = await serve({ ...capture.env, ...LATER, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1', OTEL_BSP_EXPORT_TIMEOUT: '100' });
      await fetch(url);
      await capture.until(() => spans(capture) >= 2);
    });

    test('wrong values are said', async () => {
      const { app } = await serve({ ...capture.env, OTEL_TRACES_EXPORTER: 'otlp', OTEL_BSP_SCHEDULE_DELAY: 'soon', OTEL_BSP_MAX_QUEUE_SIZE: '0' });
      await app.stop();
      expect(linesOf(app)).toEqual([
        expect.stringMatching(/OTEL_BSP_SCHEDULE_DELAY=soon must be a whole number of milliseconds from 0 to \d+; using 5000$/),
        expect.stringMatching(/OTEL_BSP_MAX_QUEUE_SIZE=0 must be a whole number from 1; using 2048$/),
      ]);
    });
  });

  test('makes no span of a scrape', async () => {
    const port = await freePort();
    const { app, url } = await serve({ OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: String(port), OTEL_TRACES_EXPORTER: 'console' });
    await page(`http://127.0.0.1:${port}/metrics`, (text) => text.includes(`${requestsName}{`));
    await fetch(`${url}/last`);
    await app.ready(/'url\.path': '\/last'/);
    expect(app.stdout).not.toContain('/metrics');
  });

  test.each(['none', 'otlp,none', '', undefined])('%j starts none', async (value) => {
    await linesWith(value === undefined ? {} : { OTEL_TRACES_EXPORTER: value });
    expect(spans(capture)).toBe(0);
    expect(requests()).toBe(1);
  });
});

const spans = ({ requests: received }: OtlpCapture): number => received.filter(({ path }) => path === '/v1/traces').length;
const bodies = ({ requests: received }: OtlpCapture): string =>
  received
    .filter(({ path }) => path === '/v1/traces')
    .map(({ body }) => body.toString('latin1'))
    .join('\n');
