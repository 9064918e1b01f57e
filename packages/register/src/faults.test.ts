import { captureOtlp, type OtlpCapture, runApp } from '@tallyman/testkit';
import { type OpenAIProvider, startOpenAIProvider } from '@tallyman/testkit/providers/openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixture, PATIENCE, preload } from './application.test.kit.ts';

/** What is seen of an application when it has ended. */
interface Ended {
  readonly end: object;
  readonly stdout: string;
  readonly uncaught: readonly string[];
  /** How often the adversity came over Tallyman. */
  readonly times: number;
  readonly places: readonly string[];
}

let provider: OpenAIProvider;
let collector: OtlpCapture;
let bare: Ended;

beforeAll(async () => {
  provider = await startOpenAIProvider();
  collector = await captureOtlp();
  bare = await run('nothing', {}, false);
});
afterAll(() => Promise.all([provider.stop(), collector.close()]));

async function run(adversity: string, env: Record<string, string> = {}, isPreloaded = true): Promise<Ended> {
  const app = await runApp({
    entry: fixture('faults/application.cjs'),
    nodeFlags: [...(isPreloaded ? ['--require', preload] : []), '--require', fixture('faults/adversity.cjs')],
    env: {
      ...PATIENCE,
      ...collector.env,
      OTEL_METRIC_EXPORT_INTERVAL: '30',
      PROVIDER: provider.url,
      COLLECTOR_PORT: new URL(collector.url).port,
      ADVERSITY: adversity,
      ...env,
    },
  });
  const end = await app.ended;
  const told = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(app.stderr)?.[1] ?? `none: ${app.stderr}`;
  return { end, stdout: app.stdout, uncaught: JSON.parse(told('uncaught')), times: Number(told('times')), places: told('places').split(',') };
}

function expectAsBare({ end, stdout, uncaught }: Ended): void {
  expect({ end, stdout, uncaught }).toEqual({ end: bare.end, stdout: bare.stdout, uncaught: [] });
}

test('the application alone answers and ends', () => {
  expect(bare).toMatchObject({ end: { code: 0, signal: null }, uncaught: [] });
  expect(JSON.parse(bare.stdout).seen).toHaveLength(36);
});

test.each([
  ['a connection to the collector throws', {}],
  ['a connection to the collector stays silent', {}],
  ['reading throws', {}],
  ['reading throws', { OTEL_METRICS_EXPORTER: 'console' }],
  ['a sample throws', {}],
  ['the console throws', { OTEL_METRICS_EXPORTER: 'console' }],
  ['the configuration throws', {}],
])('the application answers and ends as alone when %s (%o)', async (adversity, env) => {
  const ended = await run(adversity, env);
  expectAsBare(ended);
  expect(ended.times).toBeGreaterThan(0);
});

test("what the user's own subscribers throw is told to the process as Node tells it, each once, and nothing of ours", async () => {
  const ended = await run("the user's subscribers throw");
  expect({ end: ended.end, stdout: ended.stdout }).toEqual({ end: bare.end, stdout: bare.stdout });
  expect(ended.times).toBeGreaterThan(0);
  expect(ended.uncaught).toEqual(Array.from({ length: ended.times }, () => "fault of the user's subscribers throw"));
});

test('the application answers and ends as alone whichever guarded place of the preload fails', async () => {
  const { places, ...unhurt } = await run('a place', { PLACE: 'before nowhere' });
  expectAsBare({ places, ...unhurt });
  const ofPreload = places.filter((where) => /^(register|hook|read|hand-over|tallyman:)/.test(where));
  expect(ofPreload).toEqual(expect.arrayContaining(['hook.compile', 'read', 'register.flush', 'register.start']));
  for (const where of ofPreload) {
    const both = ['before', 'after'].map(async (when) => ({ when, ended: await run('a place', { PLACE: `${when} ${where}` }) }));
    for (const { when, ended } of await Promise.all(both)) {
      expect({ where, when, ...ended, places: [], times: 0 }).toEqual({ where, when, ...bare, places: [], times: 0 });
      expect(ended.times, `${when} ${where}`).toBeGreaterThan(0);
    }
  }
}, 120_000);
