import { createRequire } from 'node:module';
import { runApp } from '@tallyman/testkit';
import { expect, it } from 'vitest';
import { billedUsage, type CallUsage } from '../usage.ts';
import { costAt } from './rates.ts';
import { tableRates } from './table.ts';

interface Table {
  calcPrice(usage: object, model: string, options: { providerId: string }): { total_price: number } | null;
  findProvider(options: { providerId: string }): { models: { id: string }[] };
}

/** The library's names of the same counts. */
function inItsNames({ input, output, cacheRead, cacheWrite, inputModalities, outputModalities }: CallUsage): object {
  return {
    input_tokens: input,
    output_tokens: output,
    cache_read_tokens: cacheRead,
    cache_write_tokens: cacheWrite,
    input_audio_tokens: inputModalities?.audio,
    output_audio_tokens: outputModalities?.audio,
  };
}

const usages: readonly CallUsage[] = [
  { input: 1200, output: 340 },
  { input: 150_000, output: 4000, cacheRead: 90_000 },
  { input: 250_000, output: 4000, cacheRead: 20_000, cacheWrite: 30_000 },
  { input: 5000, output: 900, inputModalities: { audio: 4000 }, outputModalities: { audio: 800 } },
];

it.each([
  ['openai', 'openai'],
  ['azure.ai.openai', 'azure'],
  ['anthropic', 'anthropic'],
  ['gcp.gemini', 'google'],
  ['x_ai', 'x-ai'],
  ['groq', 'groq'],
  ['deepseek', 'deepseek'],
  ['mistral_ai', 'mistral'],
  ['moonshot_ai', 'moonshotai'],
  ['perplexity', 'perplexity'],
  ['together', 'together'],
  ['cerebras', 'cerebras'],
  ['openrouter', 'openrouter'],
])('counts the models of %s as the price library itself does', (provider, providerId) => {
  const library = createRequire(import.meta.url)('@pydantic/genai-prices') as Table;
  const differences: string[] = [];
  let priced = 0;
  for (const { id } of library.findProvider({ providerId }).models) {
    const rates = tableRates(provider, id);
    for (const usage of usages) {
      const parts = rates && costAt(rates, { images: 0, webSearches: 0 }, billedUsage(usage), 1);
      if (parts === undefined) continue;
      priced += 1;
      const ours = parts.reduce((sum, [, usd]) => sum + usd, 0);
      const theirs = library.calcPrice(inItsNames(usage), id, { providerId })?.total_price ?? Number.NaN;
      if (!(Math.abs(ours - theirs) <= 1e-9 * Math.max(ours, 1e-3))) differences.push(`${id}: ${ours} is not ${theirs}`);
    }
  }
  expect(differences).toEqual([]);
  expect(priced).toBeGreaterThan(0);
});

const call = (model: string): string =>
  `{ const call = measureCall({ operation: 'chat', provider: 'openai', requestModel: '${model}' }); call.report({ usage: { input: 10, output: 1 } }); call.end('ok'); }`;

async function run(script: string) {
  const args = ['--input-type=module', '-e', `import { measureCall } from '@tallyman/ai';\n${script}`];
  const app = await runApp({ args, cwd: import.meta.dirname });
  const { code } = await app.ended;
  return { code, stdout: app.stdout, stderr: app.stderr };
}

it('loads the table at the first call that it has to price, not before', async () => {
  const { stdout } = await run(`import Module from 'node:module';
    const isLoaded = () => Object.keys(Module._cache).some((file) => file.includes('genai-prices'));
    const before = isLoaded(); ${call('gpt-5')} console.log(before, isLoaded());`);
  expect(stdout).toBe('false true\n');
});

it('goes on without the table, and says so in one line', async () => {
  const { code, stderr } = await run(`import { registerHooks } from 'node:module';
    registerHooks({ resolve(specifier, context, next) {
      if (specifier === '@pydantic/genai-prices') throw Object.assign(new Error('gone'), { code: 'MODULE_NOT_FOUND' });
      return next(specifier, context);
    } });
    ${call('gpt-5')} ${call('gpt-4o')}`);
  expect(code).toBe(0);
  expect(stderr.match(/^\[tallyman\].*$/gm)).toEqual([expect.stringMatching(/genai-prices could not be loaded \(MODULE_NOT_FOUND\): .*ai\.unpriced_calls/)]);
});
