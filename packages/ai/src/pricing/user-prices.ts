import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorType, log, runtime } from '@tallyman/core';
import { parsePrices } from './price-file.ts';
import type { Rates } from './rates.ts';

let loaded: { readonly configuration: unknown; readonly models: ReadonlyMap<string, Rates> } | undefined;

/**
 * The user's rates for a model: by `provider/model` or `model`, first as requested, then as answered.
 * The file is read at the first call after the configuration is there; what is wrong with it is said in one line.
 */
export function userRates(provider: string, requestModel: string, responseModel: string | undefined): Rates | undefined {
  const configuration = runtime.configuration.ai;
  if (loaded === undefined || loaded.configuration !== configuration) {
    if (configuration?.estimate) log('warn', 'ai.estimate: estimates are not made; calls without usage count in ai.unmetered_calls');
    loaded = { configuration, models: read(configuration?.prices) };
  }
  const { models } = loaded;
  if (models.size === 0) return undefined;
  for (const model of [requestModel, responseModel]) {
    const rates = model === undefined ? undefined : (models.get(`${provider}/${model}`) ?? models.get(model));
    if (rates !== undefined) return rates;
  }
  return undefined;
}

function read(path: string | undefined): ReadonlyMap<string, Rates> {
  if (path === undefined) return new Map();
  let text: string;
  try {
    text = readFileSync(resolve(runtime.configuration.directory ?? '.', path), 'utf8');
  } catch (error) {
    log('error', `${path}: the price file of ai.prices could not be read (${errorType(error)}); prices come from the providers and the price table`);
    return new Map();
  }
  const { models, problems } = parsePrices(text);
  const [first, ...others] = problems;
  if (first !== undefined) log('error', `${path}: ${first}${others.length === 0 ? '' : ` (and ${others.length} more)`}`);
  return models;
}
