import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aiMetrics, aliases, queueMetrics } from '@tallyman/catalog';
import { captureOtlp, nodeBinary, type OtlpCapture, peers, type RunningRedis, requireServers, startProcess, startRedis } from '@tallyman/testkit';
import { type OpenAIProvider, startOpenAIProvider } from '@tallyman/testkit/providers/openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processRows } from './index.ts';
import type { Arrival, Place, ProcessRow } from './row.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const preload = fileURLToPath(new URL('../../dist/preload.cjs', import.meta.url));
const { folder: peerFolder, missing: missingPeers } = await peers();
const { missing: missingRedis } = await requireServers('redis-server');
const MISSING = { peers: missingPeers, redis: missingRedis } as const;

/** A version of Node may have to be fetched first, in milliseconds. */
const PATIENCE_MS = 120_000;

let provider: OpenAIProvider;
let redis: RunningRedis | undefined;
beforeAll(async () => {
  provider = await startOpenAIProvider();
  if (!missingRedis) redis = await startRedis();
});
afterAll(async () => {
  await provider.stop();
  await redis?.stop();
});

interface Ran {
  readonly end: object;
  readonly stdout: string;
  readonly stderr: string;
  readonly ours: readonly string[];
  readonly arrived: Arrival;
  /** What others in the process send: values of their HTTP and application metrics, and the paths that they post to. */
  readonly theirs: Readonly<Record<string, number>>;
}

/** Counters of our own scopes, over all instances. */
function arrivedAt(captures: readonly OtlpCapture[]): Arrival {
  const ours = captures.flatMap((capture) => capture.series()).filter(({ scope }) => scope.startsWith('@tallyman/'));
  const sum = (name: string): number => ours.filter((series) => series.name === name).reduce((total, { value }) => total + value, 0);
  return {
    calls: sum(aiMetrics.calls.name),
    // The alias: the duration itself is left to an SDK that measures it too.
    requests: sum(aliases.httpRequests.name),
    jobs: sum(queueMetrics.jobDuration.name),
    instances: new Set(ours.map(({ resource }) => resource['service.instance.id'])).size,
  };
}

/** Names of the spans of an OTLP request in JSON, with the server side of HTTP told from the client side. */
function spansOf(body: string): string[] {
  const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: { name: string; kind: number }[] }[] }[] };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(({ name, kind }) => `span ${name} ${kind}`)));
}

function theirsAt(captures: readonly OtlpCapture[], collector: OtlpCapture): Record<string, number> {
  const theirs: Record<string, number> = {};
  for (const { scope, name, type, value } of captures.flatMap((capture) => capture.series())) {
    const isComparable = type !== 'gauge' && /^(http\.server|app|gen_ai)\./.test(name) && !scope.startsWith('@tallyman/');
    if (isComparable) theirs[`${scope} ${name}`] = (theirs[`${scope} ${name}`] ?? 0) + value;
  }
  for (const { path, body, contentType } of captures.flatMap(({ requests }) => requests)) {
    if (path === '/v1/traces' && contentType === 'application/json') for (const name of spansOf(body.toString())) theirs[name] = (theirs[name] ?? 0) + 1;
  }
  for (const { path, headers } of collector.requests) {
    // Their number depends on timers, but for traces of Datadog and envelopes of Sentry.
    if (path.includes('/traces')) theirs[path] = (theirs[path] ?? 0) + Number(headers['x-datadog-trace-count']);
    else theirs[path] = path.includes('/envelope/') ? (theirs[path] ?? 0) + 1 : 1;
  }
  return theirs;
}

async function run(row: ProcessRow, isPreloaded: boolean): Promise<Ran> {
  const capture = await captureOtlp();
  const their = await captureOtlp();
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'tallyman-process-'));
  const place: Place = {
    preload,
    flags: isPreloaded ? ['--require', preload] : [],
    folder,
    fixture: (name) => fileURLToPath(new URL(`../../fixtures/processes/${name}`, import.meta.url)),
    installed: (path) => join(root, 'node_modules', path),
    peer: (path) => join(peerFolder, 'node_modules', path),
    node: nodeBinary,
    env: {
      OPENAI_BASE_URL: provider.url,
      ...(redis && { REDIS_PORT: String(redis.port) }),
      ...capture.env,
      THEIR_COLLECTOR: their.url,
      DD_TRACE_AGENT_URL: their.url,
      // The machine may have no processor to spare for half a second; how long the end takes at most is the matter of ends.test.ts.
      TALLYMAN_END_TIMEOUT: '20000',
    },
  };
  try {
    const { command = process.execPath, args, cwd = folder, env = {}, nodeOptions = [], namesPreload, input } = await row.start(place);
    const options = [...(namesPreload ? [] : place.flags), ...nodeOptions].join(' ');
    const child = await startProcess({
      command,
      args,
      cwd,
      ...(input !== undefined && { input }),
      env: { ...clean(), ...place.env, ...(options !== '' && { NODE_OPTIONS: options }), ...env },
    });
    const end = await child.ended;
    const normal = (text: string): string => (row.comparable ?? ((same) => same))(text.replaceAll(folder, 'FOLDER').replaceAll(String(child.pid), 'PID'));
    const lines = child.stderr.split('\n');
    return {
      end,
      stdout: normal(child.stdout),
      stderr: normal(lines.filter((line) => !line.startsWith('[tallyman] ')).join('\n')),
      ours: lines.filter((line) => line.startsWith('[tallyman] ')),
      arrived: arrivedAt([capture, their]),
      theirs: theirsAt([capture, their], their),
    };
  } finally {
    await Promise.all([capture.close(), their.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** No variable of this test reaches the process. */
function clean(): Record<string, undefined> {
  const names = Object.keys(process.env).filter((name) => /^(NODE_|VITEST|TEST$|OTEL_|TALLYMAN_(?!CACHE)|npm_|INIT_CWD|CI$|FORCE_COLOR|NO_COLOR)/.test(name));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

for (const [heading, rows] of Object.entries(processRows)) {
  describe(heading, () => {
    for (const row of rows) {
      test.skipIf(row.needs && MISSING[row.needs])(row.name, { timeout: PATIENCE_MS }, async () => {
        const [bare, preloaded] = await Promise.all([run(row, false), run(row, true)]);
        expect(bare.end, bare.stderr).toEqual(row.ends ?? { code: 0, signal: null });
        for (const shown of row.shows ?? []) expect(bare.stdout + bare.stderr).toMatch(shown);
        for (const sent of row.theirs ?? []) expect(Object.keys(bare.theirs)).toContainEqual(expect.stringMatching(sent));
        expect({ ...preloaded, ours: undefined, arrived: undefined }).toEqual({ ...bare, ours: undefined, arrived: undefined });
        expect(preloaded.ours).toEqual((row.says ?? []).map((line) => expect.stringMatching(line)));
        expect(preloaded.arrived).toEqual({ jobs: 0, ...row.arrives });
        expect(bare.arrived).toEqual({ calls: 0, requests: 0, jobs: 0, instances: 0 });
      });
    }
  });
}
