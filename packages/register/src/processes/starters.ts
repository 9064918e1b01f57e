import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NOTHING, type Place, type ProcessRow, WORKED } from './row.ts';

const MEASURED = 'measured once';

/** Durations and counters of test runners. */
const withoutTimes = (output: string): string => output.replaceAll(/\d+(\.\d+)? ?m?s\b|duration_ms:? [\d.]+/g, 'TIME');

/** A package whose script `work` and command `work` run the work, as npm and npx find them. */
function npmProject({ folder, fixture }: Place): void {
  const work = `node ${fixture('work.cjs')}`;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', version: '1.0.0', scripts: { work, postinstall: work } }));
  const bin = join(folder, 'node_modules', '.bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'work'), `#!/usr/bin/env node\nrequire(${JSON.stringify(fixture('work.cjs'))}).work().then(console.log);\n`, { mode: 0o755 });
}

/** A folder with a test that works, seen by vitest as a project of its own. */
function vitestProject({ folder, installed }: Place): void {
  symlinkSync(dirname(dirname(installed('vitest/package.json'))), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', type: 'module' }));
  const body = `import { expect, test } from 'vitest'; import { OpenAI } from 'openai';
import { createRequire } from 'node:module';
test('works', async () => {
  const client = new OpenAI({ apiKey: 'sk-test', baseURL: process.env.OPENAI_BASE_URL, maxRetries: 0 });
  const answer = await client.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content: 'hello' }] });
  expect(answer.usage.total_tokens).toBeGreaterThan(0);
});
`;
  writeFileSync(join(folder, 'openai.test.js'), body);
}

function vitest(pool: 'threads' | 'forks', outcome: string, arrives: ProcessRow['arrives']): ProcessRow {
  return {
    name: `vitest, pool \`${pool}\``,
    outcome,
    start: (place) => {
      vitestProject(place);
      return { args: [place.installed('vitest/vitest.mjs'), 'run', `--pool=${pool}`, '--reporter=tap-flat'] };
    },
    arrives,
    comparable: withoutTimes,
  };
}

/** Programs that run or load an application: Node itself, package managers, TypeScript loaders, test runners. */
export const starters: readonly ProcessRow[] = [
  {
    name: '`node app.cjs`, CommonJS',
    outcome: MEASURED,
    start: ({ fixture }) => ({ args: [fixture('work.cjs')] }),
    arrives: WORKED,
  },
  {
    name: '`node app.mjs`, ES modules',
    outcome: MEASURED,
    start: ({ fixture }) => ({ args: [fixture('work.mjs')] }),
    arrives: WORKED,
  },
  {
    name: '`node -e`',
    outcome: MEASURED,
    start: ({ fixture }) => ({ args: ['-e', `require(${JSON.stringify(fixture('work.cjs'))}).work().then(console.log)`] }),
    arrives: WORKED,
  },
  {
    name: '`node --input-type=module -e`',
    outcome: MEASURED,
    start: ({ fixture }) => ({ args: ['--input-type=module', '-e', `await import(${JSON.stringify(fixture('work.mjs'))})`] }),
    arrives: WORKED,
  },
  {
    name: '`node -p`',
    outcome: 'nothing to measure: no line, no connection, no SDK',
    start: () => ({ args: ['-p', '[process.execArgv, process.listenerCount("SIGUSR2"), 6 * 7]'] }),
    arrives: NOTHING,
  },
  {
    name: 'a script on standard input',
    outcome: MEASURED,
    start: ({ fixture }) => ({ args: ['-'], input: `require(${JSON.stringify(fixture('work.cjs'))}).work().then(console.log)` }),
    arrives: WORKED,
  },
  {
    name: '`node --test`',
    outcome: 'measured once, in the process of the test file',
    start: ({ fixture }) => ({ args: ['--test', '--test-reporter=tap', fixture('work.test.mjs')] }),
    arrives: WORKED,
    comparable: withoutTimes,
  },
  {
    name: '`node --test --test-isolation=none`',
    outcome: MEASURED,
    start: ({ fixture }) => ({ args: ['--test', '--test-isolation=none', '--test-reporter=tap', fixture('work.test.mjs')] }),
    arrives: WORKED,
    comparable: withoutTimes,
  },
  {
    name: '`node --watch`',
    outcome: 'the watched process is measured once; the watching one has nothing to report',
    start: ({ fixture }) => ({ args: ['--watch', fixture('watched.cjs')] }),
    arrives: WORKED,
  },
  {
    name: 'a process that measures nothing',
    outcome: 'listeners, resources, descriptors, globals, environment and stack traces are as without us; no connection',
    start: ({ fixture }) => ({ args: [fixture('state.cjs'), 'argument'] }),
    arrives: NOTHING,
  },
  {
    name: 'an uncaught error',
    outcome: 'the same stack trace, byte for byte, and exit code; measured once',
    start: ({ fixture }) => ({ args: [fixture('throws.cjs')] }),
    arrives: WORKED,
    ends: { code: 1, signal: null },
  },
  {
    name: '`npm run`',
    outcome: 'npm is not touched and says nothing of us; its script is measured once',
    start: (place) => {
      npmProject(place);
      return { command: 'npm', args: ['run', 'work'] };
    },
    arrives: WORKED,
  },
  {
    name: '`npm install` with a script',
    outcome: 'npm is not touched and says nothing of us; the script is measured once',
    start: (place) => {
      npmProject(place);
      return { command: 'npm', args: ['install', '--offline', '--no-audit', '--no-fund', '--foreground-scripts'] };
    },
    arrives: WORKED,
    comparable: withoutTimes,
  },
  {
    name: '`npx`',
    outcome: 'npx is not touched and says nothing of us; its command is measured once',
    start: (place) => {
      npmProject(place);
      return { command: 'npx', args: ['--no', 'work'] };
    },
    arrives: WORKED,
  },
  {
    name: '`tsx app.ts`',
    outcome: MEASURED,
    start: ({ fixture, installed }) => ({ args: [installed('tsx/dist/cli.mjs'), fixture('work.ts')] }),
    arrives: WORKED,
  },
  {
    name: '`node --import tsx app.mjs`',
    outcome: MEASURED,
    start: ({ fixture, installed }) => ({ args: ['--import', installed('tsx/dist/loader.mjs'), fixture('work.mjs')] }),
    arrives: WORKED,
  },
  {
    name: 'ts-node, CommonJS',
    outcome: MEASURED,
    needs: 'peers',
    start: ({ fixture, peer }) => ({
      args: [peer('ts-node/dist/bin.js'), '--transpile-only', '--skip-project', '-C', peer('typescript'), '-O', '{"module":"commonjs"}', fixture('work.ts')],
    }),
    arrives: WORKED,
  },
  {
    name: 'ts-node, ES module loader',
    outcome: MEASURED,
    needs: 'peers',
    start: ({ fixture, peer }) => ({
      args: ['--no-warnings', '--loader', peer('ts-node/esm.mjs'), fixture('work.mjs')],
      env: { TS_NODE_TRANSPILE_ONLY: 'true', TS_NODE_COMPILER: peer('typescript') },
    }),
    arrives: WORKED,
  },
  vitest('forks', 'tests stay green; the calls of each worker are measured once', { calls: 1, requests: 0, instances: 1 }),
  vitest('threads', 'tests stay green; calls are lost unless exported before: vitest terminates its threads, which tells them nothing', NOTHING),
];
