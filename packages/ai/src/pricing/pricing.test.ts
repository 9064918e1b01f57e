import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aiMetrics as metrics } from '@tallyman/catalog';
import { runtime } from '@tallyman/core';
import { type Recorded, recordedBy } from '@tallyman/testkit';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CallReport, type CallStart, measureCall } from '../call.ts';

const directory = mkdtempSync(join(tmpdir(), 'tallyman-prices-'));
const lines: string[] = [];
let files = 0;

/** Names a price file in the configuration, as the preload does. */
function usePrices(content: unknown): string {
  const name = `prices-${files++}.json`;
  writeFileSync(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content));
  runtime.configuration = { ai: { prices: name }, directory };
  return name;
}

beforeEach(() => {
  lines.length = 0;
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  runtime.configuration = {};
});
afterAll(() => rmSync(directory, { recursive: true }));

function call(report: CallReport, start: Partial<CallStart> = {}, outcome: 'ok' | 'error' = 'ok'): Promise<Recorded> {
  return recordedBy(() => {
    const one = measureCall({ operation: 'chat', provider: '_OTHER', requestModel: 'house-model', ...start });
    one.report(report);
    one.end(outcome);
  });
}

const usage = { input: 1_000_000, output: 100_000, cacheRead: 400_000, cacheWrite: 100_000, reasoning: 50_000 };
const house = { models: { 'house-model': { input: 2, output: 10, cache_read: 0.5, cache_write: 2.5 } } };
const parts = (recorded: Recorded) => Object.fromEntries(recorded.series(metrics.cost).map(({ attributes, value }) => [attributes['cost.component'], value]));

describe("a user's price file", () => {
  it('prices each component, and their sum is the cost', async () => {
    usePrices(house);
    const recorded = await call({ usage });
    // 500,000 fresh input tokens at $2, 400,000 cached at $0.5, 100,000 written at $2.5, 100,000 output at $10 a million.
    expect(parts(recorded)).toEqual({ input: 1, cache_read: 0.2, cache_write: 0.25, output: expect.closeTo(1, 12) });
    expect(recorded.value(metrics.cost, { 'cost.source': 'user' })).toBeCloseTo(2.45, 12);
    expect(recorded.value(metrics.unpricedCalls)).toBe(0);
  });

  it('goes before what the provider reports and before the table', async () => {
    usePrices({ models: { 'gpt-5': { input: 2, output: 10 } } });
    const recorded = await call({ usage: { input: 1_000_000, output: 0 }, costUsd: 77 }, { provider: 'openai', requestModel: 'gpt-5' });
    expect(recorded.series(metrics.cost).map(({ attributes, value }) => [attributes['cost.source'], value])).toEqual([['user', 2]]);
  });

  it('finds a model by provider and name, and by the name that answered', async () => {
    usePrices({ models: { 'x_ai/grok': { input: 3, output: 0 }, 'served-model': { input: 5, output: 0 } } });
    const report = { usage: { input: 1_000_000, output: 0 } };
    expect((await call(report, { provider: 'x_ai', requestModel: 'grok' })).value(metrics.cost)).toBe(3);
    expect((await call({ ...report, responseModel: 'served-model' }, { requestModel: 'deployment-7' })).value(metrics.cost)).toBe(5);
  });

  it('prices images by the piece, and calls by the request', async () => {
    usePrices({ models: { draw: { image: 0.04 }, scan: { request: 0.01, input: 1 } } });
    const drawn = await call({ images: 3, usage: { input: 40, output: 1056 } }, { operation: 'image_generation', requestModel: 'draw' });
    expect(parts(drawn)).toEqual({ input: 0, output: 0.12 });
    expect((await call({}, { requestModel: 'scan' })).value(metrics.cost)).toBe(0.01);
  });

  it('takes half for flex and batch of OpenAI, and the factors that it names', async () => {
    usePrices({ models: { 'house-model': { input: 2, output: 10, tiers: { priority: 1.75 } } } });
    const report = { usage: { input: 1_000_000, output: 0 } };
    const cost = async (serviceTier: string, provider = 'openai') => (await call({ ...report, serviceTier }, { provider })).value(metrics.cost);
    expect(await cost('default')).toBe(2);
    expect(await cost('flex')).toBe(1);
    expect(await cost('batch')).toBe(1);
    expect(await cost('flex', 'groq')).toBe(2);
    expect(await cost('priority')).toBe(3.5);
  });

  it('leaves a call of a tier without a known factor unpriced', async () => {
    usePrices(house);
    const recorded = await call({ usage, serviceTier: 'ultrafast' });
    expect(recorded.series(metrics.cost)).toEqual([]);
    expect(recorded.value(metrics.unpricedCalls)).toBe(1);
  });

  it('prices tokens of other modalities and web searches', async () => {
    usePrices({ models: { 'house-model': { input: 2, input_audio: 40, input_image: 8, output: 10, output_audio: 80, web_search: 0.01 } } });
    const recorded = await call({
      usage: { input: 300_000, output: 200_000, cacheRead: 50_000, inputModalities: { audio: 100_000, image: 100_000 }, outputModalities: { audio: 200_000 } },
      webSearches: 2,
    });
    // Cached tokens are taken for text: 50,000 fresh text at $2, 100,000 audio at $40, 100,000 image at $8.
    const { input, cache_read: cacheRead, output, tool } = parts(recorded);
    expect([input, cacheRead, output, tool]).toEqual([0.1 + 4 + 0.8, 0.1, 16, 0.02].map((usd) => expect.closeTo(usd, 9)));
  });
});

describe('a price file that is wrong', () => {
  it('is named in one line, with the key and what is allowed, and calls go on', async () => {
    const name = usePrices({ models: { 'house-model': { input: 2, output: 10 }, 'gpt-5': { inptu: 1 }, 'gpt-6': { input: -1 } } });
    expect((await call({ usage })).value(metrics.cost)).toBeGreaterThan(0);
    await call({ usage });
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`^\\[tallyman\\] ${name}: models\\.gpt-5\\.inptu: unknown key; allowed are input, .* \\(and 1 more\\)\\n$`)),
    ]);
  });

  it('is named when it is not there', async () => {
    runtime.configuration = { ai: { prices: './nowhere.json' }, directory };
    await call({ usage });
    await call({ usage });
    expect(lines).toEqual([
      '[tallyman] ./nowhere.json: the price file of ai.prices could not be read (ENOENT); prices come from the providers and the price table\n',
    ]);
  });
});

describe('without a price file', () => {
  it("takes the provider's own cost as a total", async () => {
    const recorded = await call({ usage, costUsd: 0.0161 });
    expect(recorded.series(metrics.cost).map(({ attributes, value }) => [attributes['cost.component'], attributes['cost.source'], value])).toEqual([
      ['total', 'provider', 0.0161],
    ]);
  });

  it('counts a call of an unknown model as unpriced, and gives it no cost, not even 0', async () => {
    const recorded = await call({ usage }, { provider: 'openai', requestModel: 'gpt-that-never-was' });
    expect(recorded.series(metrics.cost)).toEqual([]);
    expect(recorded.value(metrics.unpricedCalls, { 'gen_ai.request.model': 'gpt-that-never-was' })).toBe(1);
    expect(recorded.value(metrics.unmeteredCalls)).toBe(0);
  });

  it('knows no prices for backends that nobody knows, whatever their models are called', async () => {
    expect((await call({ usage }, { requestModel: 'gpt-5' })).value(metrics.unpricedCalls)).toBe(1);
  });

  it('bills a failed call for the tokens that it used, and only for those', async () => {
    const failed = await call({ usage, costUsd: 1.5 }, {}, 'error');
    expect(failed.value(metrics.cost)).toBe(1.5);
    const unused = await call({}, { provider: 'openai', requestModel: 'gpt-5' }, 'error');
    expect(unused.series(metrics.cost)).toEqual([]);
    expect(unused.value(metrics.unpricedCalls)).toBe(0);
  });

  it('says once that estimates are not made', async () => {
    runtime.configuration = { ai: { estimate: true } };
    await call({ usage });
    await call({ usage });
    expect(lines).toEqual([expect.stringMatching(/^\[tallyman\] ai\.estimate: estimates are not made; /)]);
  });
});
