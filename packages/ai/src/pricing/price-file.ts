import type { Rates } from './rates.ts';

/** Prices of a file by model, and what is wrong with it; an entry with a problem is left out. */
export interface PriceFile {
  readonly models: ReadonlyMap<string, Rates>;
  /** One line each: the key, and what is allowed there. */
  readonly problems: readonly string[];
}

/** Keys of a model in our own format; the unit is US dollars per million tokens, per image, per request, per search. */
const KEYS: Readonly<Record<string, keyof Rates>> = {
  input: 'input',
  output: 'output',
  cache_read: 'cacheRead',
  cache_write: 'cacheWrite',
  input_audio: 'inputAudio',
  input_image: 'inputImage',
  output_audio: 'outputAudio',
  output_image: 'outputImage',
  reasoning: 'reasoning',
  image: 'image',
  request: 'request',
  web_search: 'webSearch',
};
const ALLOWED = `${Object.keys(KEYS).join(', ')}, tiers`;

/** Keys of LiteLLM's `model_prices_and_context_window.json` (BerriAI/litellm) that are taken over; the others are not read. */
const LITELLM: Readonly<Record<string, readonly [rate: keyof Rates, factor: number]>> = {
  input_cost_per_token: ['input', 1e6],
  output_cost_per_token: ['output', 1e6],
  cache_read_input_token_cost: ['cacheRead', 1e6],
  cache_creation_input_token_cost: ['cacheWrite', 1e6],
  input_cost_per_audio_token: ['inputAudio', 1e6],
  output_cost_per_audio_token: ['outputAudio', 1e6],
  output_cost_per_reasoning_token: ['reasoning', 1e6],
  output_cost_per_image: ['image', 1],
  input_cost_per_request: ['request', 1],
};

/**
 * Reads a price file: `{ "models": { "<model>": { "input": 2.5, ... } } }`, or LiteLLM's price map.
 * Never throws: what is wrong stands in `problems`.
 */
export function parsePrices(text: string): PriceFile {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { models: new Map(), problems: ['is no JSON; expected { "models": { "<model>": { "input": US dollars per million tokens, ... } } }'] };
  }
  if (!isRecord(document)) return { models: new Map(), problems: ['must be an object with the key "models"'] };
  return 'models' in document ? ownFormat(document) : litellmFormat(document);
}

function ownFormat({ models, ...others }: Record<string, unknown>): PriceFile {
  const problems = Object.keys(others).map((key) => `${key}: unknown key; allowed is models`);
  const found = new Map<string, Rates>();
  if (!isRecord(models)) return { models: found, problems: [...problems, 'models: must be an object of models'] };
  for (const [model, entry] of Object.entries(models)) {
    const rates = ownEntry(`models.${model}`, entry, problems);
    if (rates !== undefined) found.set(model, rates);
  }
  return { models: found, problems };
}

function ownEntry(path: string, entry: unknown, problems: string[]): Rates | undefined {
  const before = problems.length;
  const rates: { -readonly [K in keyof Rates]: Rates[K] } = {};
  if (!isRecord(entry) || Object.keys(entry).length === 0) problems.push(`${path}: must be an object with at least one of ${ALLOWED}`);
  else {
    for (const [key, value] of Object.entries(entry)) {
      const name = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
      if (key === 'tiers') rates.tiers = tiers(`${path}.tiers`, value, problems);
      else if (name === undefined) problems.push(`${path}.${key}: unknown key; allowed are ${ALLOWED}`);
      else if (!isPrice(value)) problems.push(`${path}.${key}: must be a number of US dollars, 0 or more`);
      else Object.assign(rates, { [name]: value });
    }
  }
  return problems.length === before ? rates : undefined;
}

function tiers(path: string, value: unknown, problems: string[]): Record<string, number> | undefined {
  if (isRecord(value) && Object.values(value).every(isPrice)) return value as Record<string, number>;
  problems.push(`${path}: must be an object of service tiers and their factors on the price of tokens, such as { "priority": 2 }`);
  return undefined;
}

function litellmFormat(document: Record<string, unknown>): PriceFile {
  const models = new Map<string, Rates>();
  for (const [model, entry] of Object.entries(document)) {
    if (model === 'sample_spec' || !isRecord(entry)) continue;
    const prices = Object.entries(LITELLM).flatMap(([key, [rate, factor]]) => {
      const price = entry[key];
      return isPrice(price) ? [[rate, price * factor] as const] : [];
    });
    if (prices.length > 0) models.set(model, Object.fromEntries(prices));
  }
  return { models, problems: models.size > 0 ? [] : ['must have the key "models", or be a price map of LiteLLM'] };
}

function isPrice(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
