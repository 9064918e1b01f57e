import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appFile, runToEnd, startBeside } from './child.mjs';
import { alternateRuns } from './measure.mjs';

const MODULES = 400;

export const start = {
  name: 'start',
  title: 'Start-up: processes that run to their end, and worker threads from `new Worker` to their exit',
  measures: [
    { label: 'wall', unit: 'ms', digits: 1, value: ({ milliseconds }) => milliseconds, compare: ['ratio', 'fastest'] },
    { label: 'CPU', unit: 'ms', digits: 1, value: ({ cpu }) => cpu / 1000, compare: ['ratio', 'fastest'] },
    { label: 'RSS', unit: 'MB', digits: 1, value: ({ memory }) => memory / 1e6, compare: ['added'] },
  ],
  repetitions: { normal: 15, quick: 7 },

  async run(context, say) {
    const folder = await mkdtemp(join(tmpdir(), 'tallyman-bench-'));
    const provider = await startBeside(appFile('provider.mjs'));
    const programs = {
      'empty file': [appFile('empty.cjs')],
      [`${MODULES} CommonJS modules`]: [await writeProgram(folder, 'cjs')],
      [`${MODULES} ES modules`]: [await writeProgram(folder, 'mjs')],
      'express and openai loaded': [appFile('loaded.cjs')],
      'all active': [appFile('short.cjs'), `${provider.hello.port}`],
      'a worker thread': [appFile('workers.cjs')],
    };
    try {
      const results = [];
      for (const [workload, [file, ...args]] of Object.entries(programs)) {
        say(workload);
        const measurements = await alternateRuns(context.of(workload), (variant) => runToEnd(variant, context.sink, file, args));
        results.push({ workload, measurements });
      }
      return results;
    } finally {
      await provider.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Writes a program of many small modules, none of which anybody wants to hook, and gives the path of its main file. */
async function writeProgram(folder, kind) {
  const names = Array.from({ length: MODULES - 1 }, (_, number) => `module-${number}.${kind}`);
  const isCommonJs = kind === 'cjs';
  for (const [number, name] of names.entries()) {
    const body = `const text = 'module ${number}';\nfunction length(value) {\n  return value.length + text.length + ${number};\n}\n`;
    await writeFile(join(folder, name), body + (isCommonJs ? 'exports.length = length;\n' : 'export { length };\n'));
  }
  const load = (path) => (isCommonJs ? `require(${JSON.stringify(path)});\n` : `import ${JSON.stringify(path)};\n`);
  const main = join(folder, `main.${kind}`);
  await writeFile(main, [appFile('report.cjs'), ...names.map((name) => `./${name}`)].map(load).join(''));
  return main;
}
