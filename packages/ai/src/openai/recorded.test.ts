import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { aiMetrics as metrics } from '@tallyman/catalog';
import { installHook } from '@tallyman/core';
import { type Recorded, recordedBy } from '@tallyman/testkit';
import { type OpenAIProvider, startOpenAIProvider } from '@tallyman/testkit/providers/openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../index.ts';

/** A recorded exchange; see the README of the folder. */
interface Exchange {
  readonly id: string;
  readonly request: { readonly host: string; readonly path: string; readonly body: { readonly model?: string; readonly stream?: boolean } };
  readonly response: { readonly status: number; readonly contentType: string; readonly json?: unknown; readonly text?: string };
  readonly expected?: { readonly extracted: readonly { readonly usage: Readonly<Record<string, number>>; readonly extractors: readonly Extractor[] }[] };
}
interface Extractor {
  readonly provider_id: string;
  readonly api_flavor: string;
}

const FOLDER = new URL('../../../../../shared/fixtures/ai/', import.meta.url);
const PROVIDERS: Readonly<Record<string, string>> = {
  openai: 'openai',
  azure: 'azure.ai.openai',
  deepseek: 'deepseek',
  openrouter: 'openrouter',
  cerebras: 'cerebras',
  groq: 'groq',
};

let provider: OpenAIProvider;
let openai: typeof import('openai');
beforeAll(async () => {
  installHook(adapters);
  openai = await import('openai');
  provider = await startOpenAIProvider();
});
afterAll(() => provider.stop());

/** Asks with the real SDK for the host of the recording, whose body the local server then gives. */
async function replay({ request, response }: Pick<Exchange, 'request' | 'response'>): Promise<Recorded> {
  provider.next({ status: response.status, contentType: response.contentType, body: response.text ?? JSON.stringify(response.json) });
  const { origin } = new URL(provider.url);
  const options = {
    apiKey: 'none',
    maxRetries: 0,
    fetch: (url: string | URL | Request, init?: RequestInit) => fetch(`${origin}${new URL(String(url)).pathname}`, init),
  };
  const [path = ''] = request.path.replace(/#.*/, '').split('?');
  const base = `https://${request.host}${path.replace(/\/(chat\/completions|responses|embeddings)$/, '')}`;
  const client = base.includes('/deployments/')
    ? new openai.AzureOpenAI({ ...options, apiVersion: '2024-12-01-preview', endpoint: `https://${request.host}` })
    : new openai.OpenAI({ ...options, baseURL: base });
  const model = request.body.model ?? 'none';
  const stream = request.body.stream === true;
  return recordedBy(async () => {
    try {
      if (path.endsWith('/embeddings')) await client.embeddings.create({ model, input: 'x' });
      else {
        const answer = path.endsWith('/responses')
          ? await client.responses.create({ model, input: 'x', stream })
          : await client.chat.completions.create({ model, messages: [], stream, ...(stream && { stream_options: { include_usage: true } }) });
        if (stream) for await (const _ of answer as AsyncIterable<unknown>);
      }
    } catch (error) {
      if (!(error instanceof openai.APIError)) throw error;
    }
  });
}

const tokens = (recorded: Recorded) => ({
  input_tokens: recorded.value(metrics.inputTokens),
  output_tokens: recorded.value(metrics.outputTokens),
  cache_read_tokens: recorded.value(metrics.cacheReadTokens),
  cache_write_tokens: recorded.value(metrics.cacheWriteTokens),
  output_reasoning_tokens: recorded.value(metrics.reasoningTokens),
});

/** What an independent implementation read from the same body, by the rules of this provider and API. */
function expectedTokens({ id, request, expected }: Exchange) {
  const [name = ''] = id.split('-');
  const flavour = request.path.includes('/responses')
    ? 'responses'
    : request.path.includes('/embeddings')
      ? 'embeddings'
      : name === 'groq'
        ? 'default'
        : 'chat';
  const providerId = name === 'openrouter' && flavour === 'responses' ? 'openai' : name;
  const found = expected?.extracted.find(({ extractors }) => extractors.some((one) => one.provider_id === providerId && one.api_flavor === flavour));
  return found && { input_tokens: 0, output_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0, output_reasoning_tokens: 0, ...found.usage };
}

/** The last usage in a stream, read with a regular expression. */
function streamedTokens(text: string) {
  const count = (name: string) => Number([...text.matchAll(new RegExp(`"${name}":\\s*(\\d+)`, 'g'))].at(-1)?.[1] ?? 0);
  return { input_tokens: count('prompt_tokens') || count('input_tokens'), output_tokens: count('completion_tokens') || count('output_tokens') };
}

const exchanges = existsSync(FOLDER)
  ? readdirSync(FOLDER)
      .filter((file) => Object.keys(PROVIDERS).some((name) => file.startsWith(`${name}-`)))
      .map((file): Exchange => ({ ...JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')), id: file.replace('.json', '') }))
  : [];

for (const exchange of exchanges) {
  const { id, response } = exchange;
  it(`reads ${id}`, async () => {
    const recorded = await replay(exchange);
    const isBroken = response.status >= 400 || /"error":\s*\{/.test(response.text ?? '');
    expect(recorded.value(metrics.calls, { outcome: isBroken ? 'error' : 'ok', 'gen_ai.provider.name': PROVIDERS[id.split('-')[0] ?? ''] ?? '' })).toBe(1);
    expect(recorded.value(metrics.calls)).toBe(1);
    const expected = expectedTokens(exchange);
    if (expected !== undefined) expect(tokens(recorded)).toEqual(expected);
    else if (isBroken) expect(tokens(recorded)).toMatchObject({ input_tokens: 0, output_tokens: 0 });
    else if (response.text !== undefined) expect(tokens(recorded)).toMatchObject(streamedTokens(response.text));
  });
}

describe('backends that differ', () => {
  const ask = (host: string, usage: object, more: object = {}) =>
    replay({
      request: { host, path: '/v1/chat/completions', body: { model: 'm' } },
      response: { status: 200, contentType: 'application/json', json: { id: '1', model: 'm', choices: [], usage, ...more } },
    });
  const costs = (recorded: Recorded) =>
    recorded.series(metrics.cost).map(({ attributes, value }) => [attributes['cost.component'], attributes['cost.source'], value]);

  it("takes OpenRouter's cost, and with the user's own key what its provider bills", async () => {
    const usage = { prompt_tokens: 30, completion_tokens: 5, total_tokens: 35 };
    expect(costs(await ask('openrouter.ai', { ...usage, cost: 0.0161, cost_details: { upstream_inference_cost: 0.0002 } }))).toEqual([
      ['total', 'provider', expect.closeTo(0.0161, 12)],
    ]);
    const own = { ...usage, cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.02 } };
    expect(costs(await ask('openrouter.ai', own))).toEqual([['total', 'provider', expect.closeTo(0.021, 12)]]);
  });

  it('takes the cost that xAI and Perplexity report, and nobody else', async () => {
    const usage = { prompt_tokens: 30, completion_tokens: 5, total_tokens: 35 };
    expect(costs(await ask('api.x.ai', { ...usage, cost_in_usd_ticks: 37_756_000 }))).toEqual([['total', 'provider', expect.closeTo(0.0037756, 12)]]);
    expect(costs(await ask('api.perplexity.ai', { ...usage, cost: { total_cost: 0.05178 } }))).toEqual([['total', 'provider', expect.closeTo(0.05178, 12)]]);
    expect(costs(await ask('gateway.example', { ...usage, cost: 12 }))).toEqual([]);
  });

  it('adds the reasoning that xAI and Gemini leave out of the completion', async () => {
    const xai = await ask('api.x.ai', { prompt_tokens: 30, completion_tokens: 5, total_tokens: 135, completion_tokens_details: { reasoning_tokens: 100 } });
    expect(tokens(xai)).toMatchObject({ input_tokens: 30, output_tokens: 105, output_reasoning_tokens: 100 });
    const gemini = await ask('generativelanguage.googleapis.com', { prompt_tokens: 35, completion_tokens: 12, total_tokens: 109 });
    expect(tokens(gemini)).toMatchObject({ input_tokens: 35, output_tokens: 74, output_reasoning_tokens: 62 });
  });

  it("reads DeepSeek's and Mistral's names of cached tokens", async () => {
    const usage = { prompt_tokens: 30, completion_tokens: 5, total_tokens: 35 };
    expect(tokens(await ask('api.deepseek.com', { ...usage, prompt_cache_hit_tokens: 20 })).cache_read_tokens).toBe(20);
    expect(tokens(await ask('api.mistral.ai', { ...usage, num_cached_tokens: 21 })).cache_read_tokens).toBe(21);
    expect(tokens(await ask('api.mistral.ai', { ...usage, prompt_token_details: { cached_tokens: 22 } })).cache_read_tokens).toBe(22);
  });

  it('splits tokens by modality where the provider does', async () => {
    const recorded = await ask('api.openai.com', {
      prompt_tokens: 100,
      completion_tokens: 50,
      prompt_tokens_details: { audio_tokens: 60, text_tokens: 40 },
      completion_tokens_details: { audio_tokens: 30 },
    });
    const split = (metric: typeof metrics.inputTokens | typeof metrics.outputTokens) =>
      Object.fromEntries(recorded.series(metric).map(({ attributes, value }) => [attributes['gen_ai.token.modality'], value]));
    expect(split(metrics.inputTokens)).toEqual({ audio: 60, text: 40 });
    expect(split(metrics.outputTokens)).toEqual({ audio: 30, unknown: 20 });
  });

  it('names a host that nobody knows', async () => {
    const recorded = await ask('vllm.example', { prompt_tokens: 3, completion_tokens: 1 });
    expect(recorded.count(metrics.inferenceDuration, { 'gen_ai.provider.name': '_OTHER', 'server.address': 'vllm.example' })).toBe(1);
  });
});

it('records a response that failed as an error with its code', async () => {
  const recorded = await replay({
    request: { host: 'api.openai.com', path: '/v1/responses', body: { model: 'gpt-5' } },
    response: {
      status: 200,
      contentType: 'application/json',
      json: {
        id: 'r',
        object: 'response',
        status: 'failed',
        model: 'gpt-5',
        output: [],
        error: { code: 'server_error', message: 'secret words' },
        usage: null,
      },
    },
  });
  expect(recorded.count(metrics.inferenceDuration, { 'error.type': 'server_error' })).toBe(1);
  expect(recorded.value(metrics.calls, { outcome: 'error' })).toBe(1);
});

it('bills the web searches of a response', async () => {
  const response = (more: object) =>
    replay({
      request: { host: 'api.openai.com', path: '/v1/responses', body: { model: 'gpt-5' } },
      response: {
        status: 200,
        contentType: 'application/json',
        json: { id: 'r', object: 'response', status: 'completed', model: 'gpt-5', output: [], usage: { input_tokens: 10, output_tokens: 2 }, ...more },
      },
    });
  const search = (type: string) => ({ type: 'web_search_call', action: { type } });
  const tool = async (more: object) => (await response(more)).value(metrics.cost, { 'cost.component': 'tool' });
  const one = await tool({ output: [search('search')] });
  expect(one).toBeGreaterThan(0);
  expect(await tool({ output: [search('search'), search('open_page'), search('search')] })).toBeCloseTo(2 * one, 9);
  expect(await tool({ tool_usage: { web_search: { num_requests: 3 } }, output: [search('search')] })).toBeCloseTo(3 * one, 9);
  expect(await tool({})).toBe(0);
});
