import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { NOTHING, type Place, type ProcessRow, WORKED } from './row.ts';

const ONE_CALL = { calls: 1, requests: 0, instances: 1 } as const;

/** A bundle beside the packages that were not bundled. */
function bundle({ folder, fixture, installed }: Place): string {
  const outfile = join(folder, 'bundle.mjs');
  symlinkSync(installed(''), join(folder, 'node_modules'));
  buildSync({ entryPoints: [fixture('bundled.mjs')], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
  return outfile;
}

/** A project whose test replaces openai by a mock. */
function mocked({ folder, installed }: Place): void {
  mkdirSync(join(folder, 'src'));
  symlinkSync(installed(''), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', type: 'module' }));
  const test = `import { expect, test, vi } from 'vitest';
import { OpenAI } from 'openai';
vi.mock('openai', async (original) => {
  const real = await original();
  return { ...real, OpenAI: class { chat = { completions: { create: async () => 'mocked' } }; } };
});
test('is mocked', async () => expect(await new OpenAI().chat.completions.create()).toBe('mocked'));
`;
  writeFileSync(join(folder, 'src', 'openai.test.js'), test);
}

/** Bundles, and unusual ways to load a module. */
export const modules: readonly ProcessRow[] = [
  {
    name: 'esbuild itself, building',
    outcome: 'nothing to measure: the same bundle, no line, no connection',
    start: ({ fixture }) => ({ args: [fixture('build.cjs')] }),
    arrives: NOTHING,
  },
  {
    name: 'a bundle made by esbuild',
    outcome: 'packages inside a bundle are not measured (HTTP is): keep them external, or instrument clients by hand',
    start: (place) => ({ args: [bundle(place)] }),
    arrives: NOTHING,
  },
  {
    name: 'a bundle that calls `instrumentOpenAI(client)`',
    outcome: 'measured once',
    start: (place) => ({ args: [bundle(place)], env: { INSTRUMENT: 'yes' } }),
    arrives: ONE_CALL,
  },
  {
    name: 'a module that is loaded again after its `require.cache` entry was deleted',
    outcome: 'each copy is measured, each call once',
    start: ({ fixture }) => ({ args: [fixture('reload.cjs')] }),
    arrives: { calls: 3, requests: 0, instances: 1 },
  },
  { name: '`import()` in a `vm` context', outcome: 'measured once', start: ({ fixture }) => ({ args: [fixture('vm.cjs')] }), arrives: ONE_CALL },
  { name: '`createRequire` in a `data:` module', outcome: 'measured once', start: ({ fixture }) => ({ args: [fixture('data-url.mjs')] }), arrives: WORKED },
  {
    name: 'a module mocked by vitest',
    outcome: 'the mock is used and not measured',
    start: (place) => {
      mocked(place);
      return { args: [place.installed('vitest/vitest.mjs'), 'run', '--pool=forks', '--reporter=tap-flat'] };
    },
    // The real module is loaded to be mocked: that it was hooked is reported.
    arrives: { ...NOTHING, instances: 1 },
    comparable: (output) => output.replaceAll(/time=[\d.]+ms/g, 'TIME'),
  },
];
