import { createRequire } from 'node:module';
import { errorType, logOnce } from '@tallyman/core';
import type { Rate, Rates } from './rates.ts';

/** What is used of `@pydantic/genai-prices` 0.1. */
interface PriceTable {
  calcPrice(usage: object, model: string, options: { providerId: string }): { readonly model_price: Readonly<Record<string, Rate | undefined>> } | null;
}

/** Names of providers in the table, where they differ from `gen_ai.provider.name`. */
const PROVIDER_IDS: Readonly<Record<string, string>> = {
  'azure.ai.openai': 'azure',
  'azure.ai.inference': 'azure',
  x_ai: 'x-ai',
  mistral_ai: 'mistral',
  moonshot_ai: 'moonshotai',
  'gcp.gemini': 'google',
  'gcp.vertex_ai': 'google',
  'gcp.gen_ai': 'google',
  'aws.bedrock': 'aws',
};

/** Some prices depend on the time of day, so a rate is looked up again after a minute. */
const LIFETIME = 60_000;
/** Model names come from outside; beyond the bound a provider's cache starts anew. */
const MAX_CACHED = 1000;
/** Longest name that is looked up, in UTF-16 code units. */
const MAX_MODEL_LENGTH = 200;

interface Cached {
  readonly until: number;
  readonly rates: Rates | undefined;
}

/** By provider and model. */
const cache = new Map<string, Map<string, Cached>>();
let table: PriceTable | undefined;
let asked = false;

/** The rates of the bundled price table; undefined when it does not know the model of this provider. */
export function tableRates(provider: string, model: string): Rates | undefined {
  if (model.length > MAX_MODEL_LENGTH) return undefined;
  let models = cache.get(provider);
  if (models === undefined || models.size >= MAX_CACHED) {
    models = new Map();
    cache.set(provider, models);
  }
  const cached = models.get(model);
  const now = Date.now();
  if (cached !== undefined && cached.until > now) return cached.rates;
  const rates = lookUp(provider, model);
  models.set(model, { until: now + LIFETIME, rates });
  return rates;
}

function lookUp(provider: string, model: string): Rates | undefined {
  try {
    const prices = load()?.calcPrice({}, model, { providerId: PROVIDER_IDS[provider] ?? provider })?.model_price;
    return prices && toRates(prices);
  } catch {
    return undefined;
  }
}

function toRates(prices: Readonly<Record<string, Rate | undefined>>): Rates {
  return {
    input: prices.input_mtok,
    output: prices.output_mtok,
    cacheRead: prices.cache_read_mtok,
    cacheWrite: prices.cache_write_mtok,
    inputAudio: prices.input_audio_mtok,
    inputImage: prices.input_image_mtok,
    outputAudio: prices.output_audio_mtok,
    outputImage: prices.output_image_mtok,
    reasoning: prices.output_reasoning_mtok,
    request: perThousand(prices.requests_kcount),
    webSearch: perThousand(prices.web_searches_kcount),
  };
}

function perThousand(price: Rate | undefined): number | undefined {
  return typeof price === 'number' ? price / 1000 : undefined;
}

/** The table is half a megabyte of code, so it is loaded at the first call that it has to price, and stays outside of bundles. */
function load(): PriceTable | undefined {
  if (asked) return table;
  asked = true;
  try {
    const require = createRequire(typeof __filename === 'string' ? __filename : import.meta.url);
    table = require('@pydantic/genai-prices') as PriceTable;
  } catch (error) {
    logOnce(
      'ai.prices table',
      'warn',
      `@pydantic/genai-prices could not be loaded (${errorType(error)}): calls without a price of their own count in ai.unpriced_calls; install it, or name a price file in ai.prices`,
    );
  }
  return table;
}
