import { describe, expect, it } from 'vitest';
import { parsePrices } from './price-file.ts';

const parse = (document: unknown) => parsePrices(JSON.stringify(document));

describe('our own format', () => {
  it('reads the prices of models', () => {
    const { models, problems } = parse({ models: { 'gpt-5': { input: 1.25, output: 10, cache_read: 0.125, tiers: { priority: 2 } }, draw: { image: 0.04 } } });
    expect(problems).toEqual([]);
    expect([...models]).toEqual([
      ['gpt-5', { input: 1.25, output: 10, cacheRead: 0.125, tiers: { priority: 2 } }],
      ['draw', { image: 0.04 }],
    ]);
  });

  it.each([
    [{ models: { m: { inptu: 1 } } }, /^models\.m\.inptu: unknown key; allowed are input, output, /],
    [{ models: { m: { input: -1 } } }, /^models\.m\.input: must be a number of US dollars, 0 or more$/],
    [{ models: { m: { input: '2.5' } } }, /^models\.m\.input: must be a number/],
    [{ models: { m: {} } }, /^models\.m: must be an object with at least one of input, /],
    [{ models: { m: 2.5 } }, /^models\.m: must be an object/],
    [{ models: { m: { input: 1, tiers: { priority: 'double' } } } }, /^models\.m\.tiers: must be an object of service tiers/],
    [{ models: [] }, /^models: must be an object of models$/],
    [{ models: {}, modles: {} }, /^modles: unknown key; allowed is models$/],
    [{ prices: {} }, /^must have the key "models"/],
    [[], /^must be an object with the key "models"$/],
  ])('names what is wrong with %j', (document, problem) => {
    expect(parse(document).problems).toEqual([expect.stringMatching(problem)]);
  });

  it('keeps the good models beside a bad one', () => {
    const { models } = parse({ models: { bad: { input: 'free' }, good: { input: 1, output: 2 } } });
    expect([...models.keys()]).toEqual(['good']);
  });

  it('says so when a file is no JSON', () => {
    expect(parsePrices('models: {}').problems).toEqual([expect.stringMatching(/^is no JSON; expected \{ "models"/)]);
  });
});

it("reads LiteLLM's price map", () => {
  const { models, problems } = parse({
    sample_spec: { input_cost_per_token: 0 },
    'gpt-5': { input_cost_per_token: 1.25e-6, output_cost_per_token: 1e-5, cache_read_input_token_cost: 1.25e-7, mode: 'chat' },
    'dall-e-3': { output_cost_per_image: 0.04 },
  });
  expect(problems).toEqual([]);
  expect([...models.keys()]).toEqual(['gpt-5', 'dall-e-3']);
  expect(models.get('gpt-5')?.input).toBeCloseTo(1.25, 9);
  expect(models.get('gpt-5')?.cacheRead).toBeCloseTo(0.125, 9);
  expect(models.get('dall-e-3')).toEqual({ image: 0.04 });
});
