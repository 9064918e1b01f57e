import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpMetrics } from '@tallyman/catalog';
import { captureOtlp, type OtlpCapture } from '@tallyman/testkit';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Application, linesOf, startApplication } from '../application.test.kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'tallyman-declared-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const METRICS = `meter_provider:
  readers:
    - periodic:
        interval: \${INTERVAL:-200}
        timeout: 200
        exporter:
          otlp_http:
            endpoint: \${ENDPOINT}/v1/metrics
`;
const TRACES = `tracer_provider:
  processors:
    - batch:
        schedule_delay: 200
        exporter:
          otlp_http:
            endpoint: \${ENDPOINT}/v1/traces
`;
const declaration = (...parts: readonly string[]): string => `file_format: "1.0"
resource:
  attributes:
    - name: service.name
      value: declared
${parts.join('')}`;

/** Where OTEL_METRICS_EXPORTER would send to, and where the file does. */
let environment: OtlpCapture;
let declared: OtlpCapture;
beforeEach(async () => {
  [environment, declared] = [await captureOtlp(), await captureOtlp()];
});
afterEach(async () => {
  await environment.close();
  await declared.close();
});

async function start(content: string | undefined, env: Record<string, string> = {}): Promise<Application> {
  const file = join(folder, content === undefined ? 'absent.yaml' : 'otel.yaml');
  if (content !== undefined) writeFileSync(file, content);
  return startApplication({ env: { ...environment.env, OTEL_CONFIG_FILE: file, ENDPOINT: declared.url, ...env } });
}

const duration = httpMetrics.requestDuration.name;
const paths = (capture: OtlpCapture): string[] => [...new Set(capture.requests.map(({ path }) => path))].sort();

describe('OTEL_CONFIG_FILE', () => {
  test('declares where metrics go: once, as the service that it names, and nowhere else', async () => {
    const { app, url } = await start(declaration(METRICS));
    await fetch(url);
    await declared.until(() => declared.value(duration) === 1);
    await fetch(url);
    await declared.until(() => declared.value(duration) === 2);
    await app.stop();
    expect(declared.series(duration)).toHaveLength(1);
    expect(declared.resources()).toEqual([expect.objectContaining({ 'service.name': 'declared' })]);
    expect(declared.value('http_requests_total')).toBe(2);
    expect(environment.requests).toHaveLength(0);
    expect([app.stdout.trim().split('\n'), linesOf(app)]).toEqual([
      [expect.stringContaining('listening')],
      [expect.stringMatching(/own OpenTelemetry SDK reports/)],
    ]);
  });

  test('with traces starts instrumentation-http, whose metrics do not double ours', async () => {
    const { app, url } = await start(declaration(METRICS, TRACES));
    await fetch(url);
    await declared.until(() => declared.value(duration) === 1 && paths(declared).includes('/v1/traces'));
    await app.stop();
    expect(declared.series(duration).map(({ scope }) => scope)).toEqual(['@tallyman/http']);
  });

  test('with traces alone leaves metrics to OTEL_METRICS_EXPORTER', async () => {
    const { app, url } = await start(declaration(TRACES), { OTEL_METRIC_EXPORT_INTERVAL: '200' });
    await fetch(url);
    await declared.until(() => paths(declared).includes('/v1/traces'));
    await environment.until(() => environment.value(duration) === 1);
    await app.stop();
    expect([paths(declared), paths(environment)]).toEqual([['/v1/traces'], ['/v1/metrics']]);
  });

  test('delivers the last values at a natural end', async () => {
    const { app, url } = await start(declaration(METRICS), { INTERVAL: '60000' });
    await fetch(`${url}/close`, { headers: { connection: 'close' } });
    expect(await app.ended).toEqual({ code: 0, signal: null });
    expect(declared.value(duration)).toBe(1);
    expect(environment.requests).toHaveLength(0);
  });

  test('does not deliver them on a signal, and keeps it', async () => {
    const { app, url } = await start(declaration(METRICS), { INTERVAL: '60000' });
    await fetch(url);
    expect(await app.stop('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
    expect([declared.requests.length, environment.requests.length]).toEqual([0, 0]);
  });

  test.each([
    ['is absent', undefined, /^\[tallyman\] OTEL_CONFIG_FILE=\S+absent\.yaml cannot be read \(ENOENT\); metrics go where OTEL_METRICS_EXPORTER says$/],
    ['is no YAML', '{ "', /^\[tallyman\] OTEL_CONFIG_FILE=\S+ declares no SDK that can be started/],
    ['has an unknown version', 'file_format: "9.0"\n', /^\[tallyman\] OTEL_CONFIG_FILE=\S+ declares no SDK that can be started/],
    ['declares nothing', 'file_format: "1.0"\n', /^\[tallyman\] OTEL_CONFIG_FILE=\S+ declares no SDK that can be started/],
  ])('that %s gets one line, and metrics go as without it', async (_what, content, line) => {
    const { app, url } = await start(content);
    await fetch(url);
    await app.stop();
    expect(linesOf(app)).toEqual([expect.stringMatching(line)]);
    expect([environment.value(duration), declared.requests.length]).toEqual([1, 0]);
  });
});
