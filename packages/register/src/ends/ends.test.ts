import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureOtlp, nodeBinary, nodeVersions } from '@tallyman/testkit';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { preload } from '../application.test.kit.ts';
import { type Collector, collectors } from './collectors.ts';
import { FEATURE, recordsIn, runToEnd, startCollector, writeApplication } from './ends.test.kit.ts';
import { answering, type End, ends, limits } from './rows.ts';

vi.setConfig({ maxConcurrency: 3 });

/** Half a second, and what the turn of the test itself adds to it. A busy machine only adds: of several attempts the shortest counts. */
const LIMIT_MS = 550;
/** How often a busy machine is asked. */
const ATTEMPTS = 8;
/** Half a second is real time, in which a busy machine may not give every process its turn: only where it is the point does a test depend on it. */
const HALF_A_SECOND = { TALLYMAN_END_TIMEOUT: undefined };

const folder = mkdtempSync(join(tmpdir(), 'tallyman-ends-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const endOf = (end: End['end']) => (typeof end === 'number' ? { code: end, signal: null } : { code: null, signal: end });

describe.concurrent('a process that ends', () => {
  test.each([...ends, ...limits].map((row, index) => ({ ...row, index })))('$how', async (row) => {
    const entry = writeApplication(folder, `end-${row.index}`, row);
    const capture = await captureOtlp();
    const bare = await runToEnd(entry, row);
    const ours = await runToEnd(entry, row, { capture });
    await capture.close();
    expect(bare.end).toEqual(endOf(row.end));
    expect(ours).toMatchObject({ end: bare.end, stdout: bare.stdout, stderr: bare.stderr });
    expect(ours.lines).toEqual(row.says === undefined ? [] : [expect.stringContaining(row.says)]);
    expect(recordsIn(capture)).toBe(row.arrives);
    if (row.spans !== undefined) expect(capture.requests.some(({ path }) => path === '/v1/traces')).toBe(row.spans);
  });
});

type Kind = Pick<End, 'how' | 'source' | 'before' | 'isModule' | 'flags' | 'env' | 'steps' | 'end' | 'arrives' | 'threads'>;

/** Ends whose collector need not answer before, and that have no spans to send. */
const TRIED: readonly Kind[] = ends.filter(({ steps = [], spans }) => {
  return spans === undefined && !steps.some((step) => typeof step === 'object' && 'delivered' in step);
});
/** Ends that are tried with every state of the collector. */
const EVERYWHERE = [
  '`process.exit`, later',
  '`SIGTERM`, nobody handles it',
  '`--permission` without `--allow-worker`, by itself',
  '`--permission` without `--allow-worker`, `SIGTERM`',
];
/** Ends that are tried with every collector that does not answer soon as well. */
const UNANSWERED = [...EVERYWHERE, 'by itself, later', 'an uncaught exception', '`SIGINT`, handled with `process.exit`'];

function kindsOf(collector: Collector): readonly Kind[] {
  if (collector.isTracing) return TRACING;
  if (collector.isExporting) return WHILE_EXPORTING;
  if (collector.how === 'accepts and never answers') return [...TRIED, ...HURRIED];
  if (collector.how === 'refuses connections') return TRIED;
  return TRIED.filter(({ how }) => (isSlow(collector) ? UNANSWERED : EVERYWHERE).includes(how));
}

const isSlow = ({ answer }: Collector): boolean => typeof answer === 'object' && (answer.delay !== undefined || answer.blackHole === true);

/** Ends that are tried while an export is on its way. */
const WHILE_EXPORTING: readonly Kind[] = [
  {
    how: 'by itself',
    source: `const timer = setInterval(() => {}, 1000); process.once('SIGUSR2', () => { record(); ending(); clearInterval(timer); });`,
    steps: [{ sent: 1 }, 'SIGUSR2'],
    end: 0,
    arrives: 2,
  },
  {
    how: 'SIGTERM',
    source: `setInterval(() => {}, 1000); process.once('SIGUSR2', () => { record(); process.kill(process.pid, 'SIGTERM'); });`,
    steps: [{ sent: 1 }, 'SIGUSR2'],
    end: 'SIGTERM',
    arrives: 2,
  },
];

/** A second signal while the last values are on their way. */
const HURRIED: readonly Kind[] = ends
  .filter(({ how }) => how === '`SIGTERM`, nobody handles it' || how === '`--permission` without `--allow-worker`, `SIGTERM`')
  .flatMap((kind) =>
    (['SIGTERM', 'SIGINT'] as const).map((second): Kind => {
      // Where the process goes on meanwhile, a second signal ends it at once, and nothing is said.
      const isAtOnce = kind.flags !== undefined;
      const source = `${kind.source} process.once('SIGUSR2', () => { ending(); process.kill(process.pid, 'SIGTERM'); });`;
      const how = `${kind.how}, and ${second} meanwhile`;
      return { ...kind, how, source, steps: ['SIGUSR2', { sent: 1 }, second], ...(isAtOnce && { threads: 0 }) };
    }),
  );

/** An end that has spans to send. */
const TRACING: readonly Kind[] = [{ how: 'by itself', source: answering('record(); ending(); server.close();'), end: 0, arrives: 2 }];

const saidBy = ({ threads = 1 }: Kind, { says }: Collector): unknown[] =>
  says === undefined ? [] : Array.from({ length: threads }, () => expect.stringContaining(says));

const combinations = collectors.flatMap((collector, index) =>
  kindsOf(collector).map((kind, way) => {
    return { collector, kind, state: collector.how, way: kind.how, entry: () => writeApplication(folder, `collector-${index}-${way}`, kind) };
  }),
);

async function runBeside(collector: Collector, kind: Kind, entry: string, more: Readonly<Record<string, string | undefined>> = {}) {
  const { capture, env } = await startCollector(collector);
  const ours = await runToEnd(entry, kind, { capture, env: { ...env, ...more } });
  await capture.close();
  return { capture, ours };
}

test('the ends and collectors that are tried together exist', () => {
  expect(TRIED.map(({ how }) => how)).toEqual(expect.arrayContaining(UNANSWERED));
  expect(collectors.map(({ how }) => how)).toEqual(expect.arrayContaining(['refuses connections', 'accepts and never answers']));
  expect(HURRIED).toHaveLength(4);
  expect(ON_EACH).toHaveLength(5);
});

describe.concurrent('the last values and a collector that answers:', () => {
  test.each(combinations.filter(({ collector }) => !isSlow(collector)))('$state: $way', async ({ collector, kind, entry }) => {
    const { capture, ours } = await runBeside(collector, kind, entry());
    expect(ours.end).toEqual(endOf(kind.end));
    expect(ours.lines).toEqual(saidBy(kind, collector));
    expect(recordsIn(capture)).toBe(collector.isReceived ? kind.arrives : 0);
    expect(capture.requests).toHaveLength(collector.answer === 'refused' || collector.tls === 'none' ? 0 : 1);
    for (const { headers } of capture.requests) expect(headers).toMatchObject(collector.headers ?? {});
  });
});

describe.concurrent('half a second and a collector that does not answer at once:', () => {
  test.each(combinations.filter(({ collector }) => isSlow(collector)))('$state: $way', async ({ collector, kind, entry }) => {
    let shortestMs = Number.POSITIVE_INFINITY;
    for (let attempt = 1; ; attempt++) {
      const expected = collector.isExporting || collector.isTracing ? 2 : 1;
      const { capture, ours } = await runBeside(collector, kind, entry(), {
        ...HALF_A_SECOND,
        ...(collector.isExporting && { OTEL_METRIC_EXPORT_INTERVAL: '300' }),
      });
      shortestMs = Math.min(shortestMs, ours.endMs);
      // A machine that had no turn for the process or its thread is asked again.
      const isLate = shortestMs > LIMIT_MS || capture.requests.length < expected || (collector.says === undefined && ours.lines.length > 0);
      if (attempt < ATTEMPTS && isLate) continue;
      expect(ours.end).toEqual(endOf(kind.end));
      expect(ours.lines).toEqual(saidBy(kind, collector));
      expect(recordsIn(capture)).toBe(collector.isReceived ? kind.arrives : 0);
      expect(shortestMs).toBeLessThan(LIMIT_MS);
      return;
    }
  });
});

test('a standard error that nobody reads any more changes nothing at the end', async () => {
  const entry = join(folder, 'closed.cjs');
  writeFileSync(entry, `${FEATURE} process.stdin.once('data', () => { feature('work', () => {}); process.exit(3); }); console.log('started');`);
  const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', TALLYMAN_END_TIMEOUT: '10000' };
  const child = spawn(process.execPath, ['--require', preload, entry], { env, stdio: 'pipe' });
  await once(child.stdout, 'data');
  child.stderr.destroy();
  child.stdin.write('end');
  expect(await once(child, 'exit')).toEqual([3, null]);
});

/** One end of each kind, for every version of Node: how signals, `exit` and `beforeExit` come is theirs. */
const ON_EACH = ends.filter(({ how }) =>
  ['by itself, later', '`process.exit`, later', 'an uncaught exception', 'an unhandled rejection', '`SIGTERM`, nobody handles it'].includes(how),
);

describe.concurrent.each(nodeVersions)('the last values on Node %s, of a process that ends', (version) => {
  test.each(ON_EACH)('$how', async (row) => {
    const nodePath = await nodeBinary(version);
    const entry = writeApplication(folder, `on-${version}-${ON_EACH.indexOf(row)}`, row);
    const capture = await captureOtlp();
    const ours = await runToEnd(entry, row, { capture, nodePath });
    await capture.close();
    expect(ours).toMatchObject({ end: endOf(row.end), lines: [] });
    expect(recordsIn(capture)).toBe(row.arrives);
    expect(capture.requests).toHaveLength(1);
  });
});

const newest = nodeVersions.at(-1) ?? '';
const hasAllowNet = Number.parseInt(newest, 10) >= 25;

test.skipIf(!hasAllowNet)(`Node ${newest} lets values leave under --permission with --allow-net, and without it says why not`, async () => {
  const nodePath = await nodeBinary(newest);
  const entry = writeApplication(folder, 'permission', { source: 'setTimeout(() => record(), 50);' });
  for (const [more, arrived] of [
    [['--allow-worker', '--allow-net'], 2],
    [['--allow-net'], 2],
    [[], 0],
  ] as const) {
    const capture = await captureOtlp();
    const ours = await runToEnd(entry, { flags: ['--permission', '--allow-fs-read=*', ...more] }, { capture, nodePath });
    await capture.close();
    expect(ours.end).toEqual({ code: 0, signal: null });
    expect(recordsIn(capture)).toBe(arrived);
    expect(ours.lines).toEqual(arrived === 0 ? [expect.stringContaining('ERR_ACCESS_DENIED')] : []);
  }
});
