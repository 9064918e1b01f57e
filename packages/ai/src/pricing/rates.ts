import { type BilledUsage, NO_TOKENS, type TokenSplit } from '../usage.ts';

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

/** What is billed for a call beside its tokens. */
export interface Billable {
  readonly images: number;
  readonly webSearches: number;
}

/** What a part of the cost is for; see the attribute `cost.component`. */
export type CostComponent = 'input' | 'output' | 'cache_read' | 'cache_write' | 'tool' | 'request' | 'total';

/** Parts of a cost in US dollars; their sum is the cost. */
export type CostParts = readonly (readonly [component: CostComponent, usd: number])[];

const UNUSED: BilledUsage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, inputSplit: NO_TOKENS, outputSplit: NO_TOKENS };
const MILLION = 1_000_000;

/**
 * What the rates make of a call; undefined when something was used that has no rate, or none that can be right. Where a price by image or request is given, tokens without a rate are free.
 * `factor` is that of the service tier: it holds for tokens, not for fees.
 */
export function costAt(rates: Rates, { images, webSearches }: Billable, usage: BilledUsage | undefined, factor: number): CostParts | undefined {
  const { input: prompt, cacheRead, cacheWrite, reasoning, inputSplit, outputSplit } = usage ?? UNUSED;
  const free = rates.image === undefined && rates.request === undefined ? undefined : 0;
  const input = rates.input ?? free;
  const output = rates.output ?? free;
  const fresh = without(inputSplit, cacheRead + cacheWrite);
  const answer = without(outputSplit, reasoning);

  const promptMedia = price(fresh.audio, rates.inputAudio ?? input, prompt, factor) + price(fresh.image, rates.inputImage ?? input, prompt, factor);
  const parts: [CostComponent, number][] = [['input', price(fresh.text + fresh.unknown, input, prompt, factor) + promptMedia]];
  add(parts, 'cache_read', price(cacheRead, rates.cacheRead ?? input, prompt, factor));
  add(parts, 'cache_write', price(cacheWrite, rates.cacheWrite ?? input, prompt, factor));
  if (rates.image !== undefined && images > 0) add(parts, 'output', images * rates.image);
  else {
    const answerMedia = price(answer.audio, rates.outputAudio ?? output, prompt, factor) + price(answer.image, rates.outputImage ?? output, prompt, factor);
    const thought = price(reasoning, rates.reasoning ?? output, prompt, factor);
    add(parts, 'output', price(answer.text + answer.unknown, output, prompt, factor) + answerMedia + thought);
  }
  add(parts, 'tool', webSearches * (rates.webSearch ?? 0));
  add(parts, 'request', rates.request ?? 0);
  for (const [, amount] of parts) if (!(amount >= 0 && amount < Number.POSITIVE_INFINITY)) return undefined;
  return parts;
}

/** US dollars for so many tokens of a call with a prompt of that size; NaN when they have no rate. */
function price(tokens: number, rate: Rate | undefined, prompt: number, factor: number): number {
  return tokens === 0 ? 0 : (tokens * dollars(rate, prompt) * factor) / MILLION;
}

function add(parts: [CostComponent, number][], component: CostComponent, amount: number): void {
  if (amount !== 0) parts.push([component, amount]);
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
