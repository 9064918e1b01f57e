import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { aiMetrics as metrics } from '@tallyman/catalog';
import { installHook } from '@tallyman/core';
import { recordedBy, runApp } from '@tallyman/testkit';
import { aiConformance } from '@tallyman/testkit/conformance/ai';
import { type OpenAIProvider, startOpenAIProvider } from '@tallyman/testkit/providers/openai';
import type { OpenAI } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters, endIdleCalls } from '../index.ts';
import { type Clients, edgeCases, furtherCases } from './edge-cases.mjs';
import { clientsOf, subject, UNREACHABLE } from './subject.test.kit.ts';

const require = createRequire(import.meta.url);
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

type Results = Readonly<Record<'commonjs' | 'module', Readonly<Record<string, unknown>>>>;

const packages = ['openai', 'openai-6'];
const bare: Record<string, Results> = {};
let provider: OpenAIProvider;

beforeAll(async () => {
  installHook(adapters);
  provider = await startOpenAIProvider();
  const run = async (name: string) => {
    const { stdout } = await promisify(execFile)(process.execPath, [file('./run-edge-cases.mjs'), name, provider.url, UNREACHABLE]);
    bare[name] = JSON.parse(stdout);
  };
  await Promise.all(packages.map(run));
});
afterAll(() => provider.stop());

const variants = packages.flatMap((name) => (['commonjs', 'module'] as const).map((format) => ({ name, format })));

describe.each(variants)('$name as $format', ({ name, format }) => {
  let clients: Clients;

  beforeAll(async () => {
    const { OpenAI: Client } = (format === 'commonjs' ? require(name) : await import(name)) as { OpenAI: typeof OpenAI };
    clients = clientsOf(Client, provider);
  });

  describe('gives the application what the bare client gives, and records it', () => {
    it.each(Object.entries({ ...edgeCases, ...furtherCases }))('%s', async (title, run) => {
      let seen: unknown;
      const recorded = await recordedBy(async () => {
        seen = await run(clients);
        endIdleCalls();
      });
      expect(JSON.parse(JSON.stringify(seen) ?? 'null')).toEqual(bare[name]?.[format][title]);
      expect(recorded.value(metrics.calls)).toBe(title === 'rejections that are all handled' ? 5 : 1);
      const { usage } = (seen ?? {}) as { usage?: { prompt_tokens?: number; input_tokens?: number } };
      if (usage) expect(recorded.value(metrics.inputTokens)).toBe(usage.prompt_tokens ?? usage.input_tokens);
    });
  });

  aiConformance(subject(() => clients));
});

describe('rejections that nobody handles', () => {
  const applications = {
    'of a call': 'client.chat.completions.create({ model: "gpt-5", messages: [] });',
    'of an embedding': 'client.embeddings.create({ model: "e", input: "x", encoding_format: "float" });',
  };
  const cases = packages.flatMap((name) => Object.entries(applications).map(([title, code]) => ({ name, title, code })));

  it.each(cases)('$title end a process with $name as they do bare', async ({ name, code }) => {
    const script = `import { OpenAI } from ${JSON.stringify(import.meta.resolve(name))};
      const client = new OpenAI({ apiKey: 'none', baseURL: '${UNREACHABLE}', maxRetries: 0 }); ${code}`;
    const args = ['--input-type=module', '-e', script];
    const [alone, hooked] = await Promise.all(
      [[], ['--import', file('./hook.mjs')]].map(async (nodeFlags) => {
        const app = await runApp({ args, nodeFlags });
        return { ...(await app.ended), error: /\w+Error(?=: )/.exec(app.stderr)?.[0] };
      }),
    );
    expect(alone?.code).toBe(1);
    expect(hooked).toEqual(alone);
  });
});
