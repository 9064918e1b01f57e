import { fileURLToPath } from 'node:url';
import { runApp } from '@tallyman/testkit';
import { expect, test } from 'vitest';
import { schema, validateConfiguration } from '../settings/validate.ts';
import { defineConfig, type TallymanConfiguration } from './index.ts';

/** The compiler is the judge here: an `@ts-expect-error` without an error fails the build. */
export function refusedByTheCompiler(): void {
  // @ts-expect-error a misspelt part
  defineConfig({ feature: {} });
  // @ts-expect-error a misspelt key of a feature
  defineConfig({ features: { cv_parse: { route: [] } } });
  // @ts-expect-error a value outside the closed set
  defineConfig({ queues: { depth: 'sometimes' } });
  // @ts-expect-error a weight that is no number
  defineConfig({ webhooks: { earns: { premium: { job_match: 'two' } } } });
  // @ts-expect-error an unknown cap
  defineConfig({ caps: { users: 1 } });
  // @ts-expect-error http has no `true`
  defineConfig({ http: true });
  // @ts-expect-error set by the preload alone
  defineConfig({ directory: '.' });
  // @ts-expect-error not configurable by text
  defineConfig({ user: 'id' });
}

/** Every key there is: the example of the documentation and the rest. */
const everything: TallymanConfiguration = {
  features: {
    cv_parse: { routes: ['POST /api/cv/upload'], jobs: ['cv-queue/parse'] },
    job_match: { routes: ['POST /api/match/:id'], version: 'v5.1' },
  },
  user: (request) => request.user?.id ?? request.headers['x-user'],
  ai: { prices: './prices.json', estimate: false },
  webhooks: { strict: false, plans: { price_123: 'premium' }, earns: { premium: { job_match: 2, cv_parse: 1 } }, paths: { yookassa: '/hooks/yookassa' } },
  queues: { depth: 'on', generations: { 'image-generation': 'image' } },
  http: { ignorePaths: ['/health'] },
  budget: { monthlyUsd: 300 },
  exportAppMetrics: false,
  caps: { features: 200, models: 100, eventTypes: 300, queues: 200, jobTypes: 50, errorTypes: 50, routes: 500 },
};

/** The schema and the types name the same keys. */
type KeysOf<T> = { readonly [K in keyof T]-?: true };
const keys: KeysOf<TallymanConfiguration> = {
  features: true,
  user: true,
  ai: true,
  webhooks: true,
  queues: true,
  http: true,
  budget: true,
  exportAppMetrics: true,
  caps: true,
};

test('the types and the schema have the same keys', () => {
  expect(Object.keys(keys).sort()).toEqual(Object.keys(schema.entries).sort());
});

test('a configuration with every key is typed, valid, and given back as it is', () => {
  expect(defineConfig(everything)).toBe(everything);
  expect(validateConfiguration(everything)).toEqual({ configuration: everything, problems: [] });
});

test.each(['require', 'import'])('loading it by %s has no side effect', async (how) => {
  const file = fileURLToPath(new URL('../../dist/config/index.js', import.meta.url));
  const script = `
    const state = () => JSON.stringify([Reflect.ownKeys(globalThis).map(String), Reflect.ownKeys(process.env), process.eventNames().map(String), Object.getOwnPropertySymbols(globalThis).map(String)]);
    const before = state();
    const check = ({ defineConfig }) => console.log(state() === before, typeof defineConfig, process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap').length);
    ${how === 'require' ? `check(require(${JSON.stringify(file)}));` : `import(${JSON.stringify(file)}).then((loaded) => setImmediate(check, loaded));`}`;
  const app = await runApp({ args: ['-e', script] });
  expect(await app.ended).toEqual({ code: 0, signal: null });
  expect(app.stdout.trim()).toMatch(/^true function [01]$/);
  expect(app.stderr).toBe('');
});
