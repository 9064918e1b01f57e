import type { BilledUsage, TokenSplit } from '../usage.ts';

/** A price that depends on the size of the prompt: the whole request is billed at the last tier that its input tokens exceed. */
export interface TieredRate {
  readonly base: number;
  readonly tiers: readonly { readonly start: number; readonly price: number }[];
}

/** US dollars per million tokens. */
export type Rate = number | TieredRate;

/** What a model costs at the provider's standard service tier. A kind of token without a rate of its own costs what its total costs. */
export interface Rates {
  readonly input?: Rate | undefined;
  readonly output?: Rate | undefined;
  readonly cacheRead?: Rate | undefined;
  readonly cacheWrite?: Rate | undefined;
  readonly inputAudio?: Rate | undefined;
  readonly inputImage?: Rate | undefined;
  readonly outputAudio?: Rate | undefined;
  readonly outputImage?: Rate | undefined;
  readonly reasoning?: Rate | undefined;
  /** US dollars per generated image; takes the place of the price of output tokens. */
  readonly image?: number | undefined;
  /** US dollars per request. */
  readonly request?: number | undefined;
  /** US dollars per web search of the model. */
  readonly webSearch?: number | undefined;
  /** Factor on the price of tokens for service tiers that the provider's rule does not cover. */
  readonly tiers?: Readonly<Record<string, number>> | undefined;
}

/** What is billed for a call. */
export interface Billable {
  readonly usage: BilledUsage | undefined;
  readonly images: number;
  readonly webSearches: number;
}

/** What a part of the cost is for; see the attribute `cost.component`. */
export type CostComponent = 'input' | 'output' | 'cache_read' | 'cache_write' | 'tool' | 'request' | 'total';

/** Parts of a cost in US dollars; their sum is the cost. */
export type CostParts = readonly (readonly [component: CostComponent, usd: number])[];

const NOTHING: BilledUsage['inputSplit'] = { text: 0, audio: 0, image: 0, unknown: 0 };
const MILLION = 1_000_000;

/**
 * What the rates make of a call; undefined when something was used that has no rate, or none that can be right. Where a price by image or request is given, tokens without a rate are free.
 * `factor` is that of the service tier: it holds for tokens, not for fees.
 */
export function costAt(rates: Rates, { usage, images, webSearches }: Billable, factor: number): CostParts | undefined {
  const { input: prompt = 0, cacheRead = 0, cacheWrite = 0, reasoning = 0, inputSplit = NOTHING, outputSplit = NOTHING } = usage ?? {};
  const free = rates.image === undefined && rates.request === undefined ? undefined : 0;
  const input = rates.input ?? free;
  const output = rates.output ?? free;
  const price = (tokens: number, rate: Rate | undefined): number => (tokens === 0 ? 0 : (tokens * dollars(rate, prompt) * factor) / MILLION);
  const fresh = without(inputSplit, cacheRead + cacheWrite);
  const answer = without(outputSplit, reasoning);

  const parts: (readonly [CostComponent, number])[] = [
    ['input', price(fresh.text + fresh.unknown, input) + price(fresh.audio, rates.inputAudio ?? input) + price(fresh.image, rates.inputImage ?? input)],
  ];
  const add = (component: CostComponent, amount: number): void => {
    if (amount !== 0) parts.push([component, amount]);
  };
  add('cache_read', price(cacheRead, rates.cacheRead ?? input));
  add('cache_write', price(cacheWrite, rates.cacheWrite ?? input));
  if (rates.image !== undefined && images > 0) add('output', images * rates.image);
  else {
    const spoken = price(answer.audio, rates.outputAudio ?? output) + price(answer.image, rates.outputImage ?? output);
    add('output', price(answer.text + answer.unknown, output) + spoken + price(reasoning, rates.reasoning ?? output));
  }
  add('tool', webSearches * (rates.webSearch ?? 0));
  add('request', rates.request ?? 0);
  return parts.every(([, amount]) => amount >= 0 && amount < Number.POSITIVE_INFINITY) ? parts : undefined;
}

/** A rate for a prompt of that size; NaN when there is none. */
function dollars(rate: Rate | undefined, prompt: number): number {
  if (rate === undefined) return Number.NaN;
  if (typeof rate === 'number') return rate;
  return rate.tiers.reduce((price, tier) => (prompt > tier.start ? tier.price : price), rate.base);
}

/** Takes tokens out of a split whose modality is not told: from what is not told apart first, then text, audio and images. */
function without(split: TokenSplit, tokens: number): TokenSplit {
  if (tokens === 0) return split;
  let rest = tokens;
  const take = (available: number): number => {
    const taken = Math.min(available, rest);
    rest -= taken;
    return available - taken;
  };
  return { unknown: take(split.unknown), text: take(split.text), audio: take(split.audio), image: take(split.image) };
}
