import { captureOtlp, type OtlpCapture, runApp } from '@tallyman/testkit';
import { placesIn } from '@tallyman/testkit/conformance/faults';
import { type OpenAIProvider, startOpenAIProvider } from '@tallyman/testkit/providers/openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixture, freePort, PATIENCE, preload } from './application.test.kit.ts';

/** What is seen of an application when it has ended. */
interface Ended {
  readonly end: object;
  readonly stdout: string;
  readonly uncaught: readonly string[];
  /** How often something of Tallyman, or that it uses, has failed. */
  readonly times: number;
  /** The guarded places that it has met. */
  readonly places: readonly string[];
}

/** How an application is run. */
interface Run {
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
}

const PRELOAD = ['--require', preload];
const ENDS = ['by itself', 'process.exit', 'SIGTERM'] as const;

let provider: OpenAIProvider;
let collector: OtlpCapture;
/** The application alone, by how it ends. */
const alone = new Map<string, Ended>();

beforeAll(async () => {
  provider = await startOpenAIProvider();
  collector = await captureOtlp();
  for (const end of ENDS) alone.set(end, await run({ env: { END: end } }));
});
afterAll(() => Promise.all([provider.stop(), collector.close()]));

async function run({ env, flags = [] }: Run): Promise<Ended> {
  const app = await runApp({
    entry: fixture('faults/application.cjs'),
    nodeFlags: flags,
    env: {
      ...PATIENCE,
      ...collector.env,
      OTEL_METRIC_EXPORT_INTERVAL: '30',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
      PROVIDER: provider.url,
      COLLECTOR_PORT: new URL(collector.url).port,
      ...env,
    },
  });
  const end = await app.ended;
  const told = (what: RegExp) => [...app.stderr.matchAll(what)].map(([, word]) => word ?? '');
  return { end, stdout: app.stdout, uncaught: told(/^uncaught: (.*)$/gm), times: told(/^failed$/gm).length, places: told(/^place: (.*)$/gm) };
}

/** Runs it under the preload while something fails that Tallyman uses. */
function under(adversity: string, env: Run['env'] = {}): Promise<Ended> {
  return run({ env: { ADVERSITY: adversity, ...env }, flags: [...PRELOAD, '--require', fixture('faults/adversity.cjs')] });
}

/** Runs it under the preload while a guarded place fails, `before` or `after` its work. */
function failing(place: string, { env = {}, flags = [] }: Run): Promise<Ended> {
  return run({ env: { PLACE: place, ...env }, flags: [...flags, '--require', fixture('faults/places.cjs'), ...PRELOAD] });
}

/** All that must be as without Tallyman. */
function seen({ end, stdout, uncaught }: Ended): object {
  return { end, stdout, uncaught };
}

function seenAlone(end: string = 'by itself'): object {
  return seen(alone.get(end) as Ended);
}

test('the application alone answers and ends', () => {
  expect([...alone.values()].map(({ end }) => end)).toEqual([
    { code: 0, signal: null },
    { code: 7, signal: null },
    { code: null, signal: 'SIGTERM' },
  ]);
  for (const { stdout, uncaught } of alone.values()) expect([JSON.parse(stdout).seen.length, uncaught]).toEqual([36, []]);
});

/** Nobody listens there, whatever comes of the last delivery. */
const [PLAIN, TLS] = ['http://127.0.0.1:1', 'https://127.0.0.1:1'];

test.each<[adversity: string, env: Readonly<Record<string, string>>]>([
  ['a connection to the collector throws', {}],
  ['a connection to the collector stays silent', {}],
  ['a connection by TLS throws', { OTEL_EXPORTER_OTLP_ENDPOINT: TLS }],
  ['a connection by HTTP/2 throws', { OTEL_EXPORTER_OTLP_ENDPOINT: PLAIN, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }],
  ['a request to the collector throws', { OTEL_TRACES_EXPORTER: 'otlp' }],
  // All values are left to the end, where a thread sends them.
  ...ENDS.map((end): [string, Record<string, string>] => ['starting a thread throws', { END: end, OTEL_METRIC_EXPORT_INTERVAL: '60000' }]),
  ['beginning to answer a scrape throws', { OTEL_METRICS_EXPORTER: 'prometheus' }],
  ['answering a scrape throws', { OTEL_METRICS_EXPORTER: 'prometheus' }],
  ['asking who has the port of scrapes throws', { OTEL_METRICS_EXPORTER: 'prometheus' }],
  ['reading throws', {}],
  ['reading throws', { OTEL_METRICS_EXPORTER: 'console' }],
  ['reading throws', { OTEL_METRICS_EXPORTER: 'prometheus' }],
  ['a sample throws', {}],
  ['a sample throws', { OTEL_METRICS_EXPORTER: 'prometheus' }],
  ['the console throws', { OTEL_METRICS_EXPORTER: 'console' }],
  ['the configuration throws', {}],
])('the application answers and ends as alone when %s (%o)', async (adversity, env) => {
  const ended = await under(adversity, env);
  expect(seen(ended)).toEqual(seenAlone(env.END));
  expect(ended.times).toBeGreaterThan(0);
});

test("what the user's own subscribers throw is told to the process as Node tells it, each once, and nothing of ours", async () => {
  const { times, ...ended } = await under("the user's subscribers throw");
  expect(times).toBeGreaterThan(0);
  const uncaught = Array.from({ length: times }, () => "fault of the user's subscribers throw");
  expect(seen({ times, ...ended })).toEqual({ ...seenAlone(), uncaught });
});

describe('the application answers and ends as alone whichever guarded place of the preload fails', () => {
  const tried = new Set<string>();

  test.each<[how: string, run: Run, again: readonly string[]]>([
    ['with metrics alone', {}, []],
    ['with traces', { env: { OTEL_TRACES_EXPORTER: 'otlp' } }, []],
    ['with an SDK that is declared', { env: { OTEL_CONFIG_FILE: fixture('faults/otel.yaml') } }, []],
    ['without an exporter', { env: { OTEL_METRICS_EXPORTER: 'none' } }, []],
    // Where no thread can be started the last values are delivered in another way.
    [
      'under --permission',
      { env: { OTEL_METRIC_EXPORT_INTERVAL: '60000' }, flags: ['--permission', '--allow-fs-read=*'] },
      ['register.start', 'register.flush'],
    ],
  ])(
    '%s',
    async (_how, how, again) => {
      const { places, ...unhurt } = await failing('before nowhere', how);
      expect(seen({ places, ...unhurt })).toEqual(seenAlone());
      expect(places).toEqual(expect.arrayContaining([...again]));
      // The domains try their own.
      const ofPreload = places.filter((where) => /^(register|hook|read|hand-over|tallyman:)/.test(where));
      for (const where of ofPreload) {
        if (tried.has(where) && !again.includes(where)) continue;
        tried.add(where);
        const both = ['before', 'after'].map(async (when) => ({ when, ended: await failing(`${when} ${where}`, how) }));
        for (const { when, ended } of await Promise.all(both)) {
          expect({ where, when, ...seen(ended) }).toEqual({ where, when, ...seenAlone() });
          expect(ended.times, `${when} ${where}`).toBeGreaterThan(0);
        }
      }
    },
    120_000,
  );

  test('of all that there are', () => {
    const core = placesIn(new URL('../../core/src/', import.meta.url)).filter((where) => /^(hook|read|hand-over)/.test(where));
    const places = [...placesIn(new URL('.', import.meta.url)), ...core];
    // The application requires its packages; faults-own-sdk.test.ts imports one.
    expect(places.filter((where) => !tried.has(where))).toEqual(['hook.resolve']);
  });
});
