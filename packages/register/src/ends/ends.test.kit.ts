import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { featureMetrics } from '@tallyman/catalog';
import { captureOtlp, type OtlpCapture, type ProcessEnd, type RunningProcess, runApp, waitFor } from '@tallyman/testkit';
import { fixture, preload } from '../application.test.kit.ts';
import type { Collector } from './collectors.ts';
import type { End, Step } from './rows.ts';

/** What an ended process left. */
export interface Ended {
  readonly end: ProcessEnd;
  readonly stdout: string;
  /** The application's own lines, without stack frames, which name files. */
  readonly stderr: string[];
  /** Our lines. */
  readonly lines: string[];
  /** Milliseconds from the moment when the application began to end. */
  readonly endMs: number;
}

const features = fileURLToPath(new URL('../../../features/dist/index.js', import.meta.url));
/** A line of CommonJS that declares `feature`. */
export const FEATURE = `const { feature } = require(${JSON.stringify(features)});`;
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Writes the application of a row; two runs of it write the same. */
export function writeApplication(folder: string, name: string, { source, before = '', isModule }: Pick<End, 'source' | 'before' | 'isModule'>): string {
  const file = join(folder, `${name}.${isModule ? 'mjs' : 'cjs'}`);
  const imports = isModule
    ? `import { feature } from ${JSON.stringify(features)};`
    : `${FEATURE} const require_ = require('node:module').createRequire(${JSON.stringify(`${root}package.json`)});`;
  const own = source.replaceAll(`require('signal-exit`, `require_('signal-exit`);
  writeFileSync(
    file,
    `${before}
${imports}
const record = () => feature('work', () => {});
const ending = () => console.log('ending at ' + Date.now());
const isBare = !process.execArgv.includes('--require');
const loaded = (then) => setTimeout(() => isBare || Object.keys(require.cache).some((file) => file.endsWith('sdk.cjs')) ? then() : loaded(then), 5);
process.stderr.write('of the application\\n');
record();
${own}
console.log('started');
`,
  );
  return file;
}

/** Runs the application, with the preload when a capture is given, through its steps to its end. */
export async function runToEnd(
  entry: string,
  row: Pick<End, 'flags' | 'env' | 'steps'>,
  options: { readonly capture?: OtlpCapture; readonly env?: Readonly<Record<string, string | undefined>>; readonly nodePath?: string } = {},
): Promise<Ended> {
  const { capture, env, nodePath } = options;
  const app = await runApp({
    entry,
    ...(capture !== undefined && { preload }),
    ...(nodePath !== undefined && { nodePath }),
    nodeFlags: row.flags ?? [],
    env: { OTEL_METRIC_EXPORT_INTERVAL: '60000', OTEL_SERVICE_NAME: 'ends', ...capture?.env, ...row.env, ...env },
  });
  let hasEnded = false;
  void app.ended.then(() => {
    hasEnded = true;
  });
  let began = Date.now();
  if (row.steps !== undefined) await app.ready(/^started$/m);
  // On a busy machine it may end before it has sent anything; what then arrived is for the test to judge.
  for (const step of row.steps ?? []) if (!hasEnded) began = await take(step, app, capture, () => hasEnded);
  const end = await app.ended;
  const said = /ending at (\d+)/.exec(app.stdout)?.[1];
  if (said !== undefined) began = Number(said);
  const endMs = Date.now() - began;
  const all = app.stderr.split('\n');
  return {
    end,
    stdout: app.stdout.replace(/ending at \d+/g, 'ending'),
    stderr: all
      .filter((line) => !line.startsWith('[tallyman] ') && !/^\s+at /.test(line))
      .map((line) => line.replaceAll(String(app.pid), 'PID').replace(/0x[0-9a-f]{6,}/g, 'ADDRESS')),
    lines: all.filter((line) => line.startsWith('[tallyman] ')),
    endMs,
  };
}

async function take(step: Step, app: RunningProcess, capture: OtlpCapture | undefined, hasEnded: () => boolean): Promise<number> {
  if (typeof step === 'string') process.kill(app.pid, step);
  else if ('says' in step) await app.ready(new RegExp(step.says));
  else if (capture === undefined) return Date.now();
  else if ('sent' in step)
    await waitFor(
      () => capture.requests.length,
      (requests) => requests >= step.sent || hasEnded(),
      { interval: 10 },
    );
  else
    await waitFor(
      () => recordsIn(capture),
      (records) => records === step.delivered,
      { interval: 10 },
    );
  return Date.now();
}

/** The records of the application that have arrived. */
export function recordsIn(capture: OtlpCapture): number {
  return capture.value(featureMetrics.usage.name, { feature: 'work' }) ?? 0;
}

const certificate = fixture('tls/certificate.pem');
const key = fixture('tls/key.pem');

/** A collector in that state, and the variables that lead an application there. */
export async function startCollector({
  protocol,
  answer,
  tls,
  env,
}: Omit<Collector, 'how' | 'arrives' | 'isReceived'>): Promise<{ capture: OtlpCapture; env: Record<string, string> }> {
  const pem = readFileSync(certificate);
  const capture = await captureOtlp({
    isGrpc: protocol === 'grpc',
    ...(tls !== undefined && { tls: { cert: pem, key: readFileSync(key), ca: pem, requestCert: tls === 'both', rejectUnauthorized: tls === 'both' } }),
  });
  if (typeof answer === 'object') capture.answer(answer);
  return {
    capture,
    env: {
      ...(protocol !== undefined && { OTEL_EXPORTER_OTLP_PROTOCOL: protocol }),
      ...((tls === 'server' || tls === 'both') && { OTEL_EXPORTER_OTLP_CERTIFICATE: certificate }),
      ...(tls === 'both' && { OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certificate, OTEL_EXPORTER_OTLP_CLIENT_KEY: key }),
      ...(answer === 'refused' && { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }),
      ...env,
    },
  };
}
