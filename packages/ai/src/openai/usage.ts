import type { CallUsage, ModalityTokens } from '../usage.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Providers whose chat completions leave reasoning out of `completion_tokens` and bill it: it is what `total_tokens` has more. */
const REASONING_APART: ReadonlySet<string> = new Set(['x_ai', 'gcp.gemini', 'gcp.vertex_ai', 'gcp.gen_ai']);

/**
 * The usage of an answer: chat completions and embeddings count `prompt_tokens`, responses, images and transcriptions `input_tokens`.
 * Undefined when it counts no tokens.
 */
export function readUsage(usage: unknown, provider: string): CallUsage | undefined {
  if (!isFields(usage)) return undefined;
  const input = number(usage.prompt_tokens) ?? number(usage.input_tokens);
  const output = number(usage.completion_tokens) ?? number(usage.output_tokens);
  if (input === undefined && output === undefined) return undefined;
  const inputDetails = fields(usage.prompt_tokens_details ?? usage.input_tokens_details ?? usage.input_token_details ?? usage.prompt_token_details);
  const outputDetails = fields(usage.completion_tokens_details ?? usage.output_tokens_details);
  const apart = REASONING_APART.has(provider) ? Math.max((number(usage.total_tokens) ?? 0) - (input ?? 0) - (output ?? 0), 0) : 0;
  return {
    input: input ?? 0,
    output: (output ?? 0) + apart,
    cacheRead: number(inputDetails.cached_tokens) ?? number(usage.prompt_cache_hit_tokens) ?? number(usage.num_cached_tokens),
    cacheWrite: number(inputDetails.cache_write_tokens),
    reasoning: Math.max(number(outputDetails.reasoning_tokens) ?? 0, apart),
    inputModalities: modalities(inputDetails),
    outputModalities: modalities(outputDetails),
  };
}

/**
 * The cost in US dollars that an answer reports, of providers that document it: OpenRouter `cost` (with the provider's own key, `is_byok`, plus what that
 * provider bills), Perplexity `cost.total_cost`, xAI `cost_in_usd_ticks` (10^10 ticks a dollar; docs.x.ai, cost tracking).
 */
export function reportedCost(usage: unknown, provider: string): number | undefined {
  if (!isFields(usage)) return undefined;
  switch (provider) {
    case 'openrouter': {
      const upstream = usage.is_byok === true ? number(fields(usage.cost_details).upstream_inference_cost) : 0;
      const fee = number(usage.cost);
      return fee === undefined || upstream === undefined ? undefined : fee + upstream;
    }
    case 'perplexity':
      return number(fields(usage.cost).total_cost);
    case 'x_ai': {
      const ticks = number(usage.cost_in_usd_ticks);
      return ticks === undefined ? undefined : ticks / 1e10;
    }
    default:
      return undefined;
  }
}

/** Undefined when all tokens are of the kind that is not told apart. */
function modalities(details: Fields): ModalityTokens | undefined {
  const text = number(details.text_tokens);
  const audio = number(details.audio_tokens);
  const image = number(details.image_tokens);
  return text || audio || image ? { text, audio, image } : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function fields(value: unknown): Fields {
  return isFields(value) ? value : NONE;
}

const NONE: Fields = {};

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
