import type { TokenUsage } from '@tallyman/core';

/** Tokens by modality, as far as a provider tells them apart. */
export interface ModalityTokens {
  readonly text?: number | undefined;
  readonly audio?: number | undefined;
  readonly image?: number | undefined;
}

/**
 * The billed tokens of one call, as an adapter reads them from an answer.
 * `input` includes cached tokens and `output` includes reasoning; `cacheRead`, `cacheWrite` and `reasoning` are subsets.
 */
export interface CallUsage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly reasoning?: number | undefined;
  readonly inputModalities?: ModalityTokens | undefined;
  readonly outputModalities?: ModalityTokens | undefined;
}

/** Tokens by modality; what the provider does not tell apart is `unknown`, and the sum is the total. */
export interface TokenSplit {
  readonly text: number;
  readonly audio: number;
  readonly image: number;
  readonly unknown: number;
}

/** No tokens. */
export const NO_TOKENS: TokenSplit = { text: 0, audio: 0, image: 0, unknown: 0 };

/** Usage that holds together: no negative counts, subsets within their totals, modalities that add up to them. */
export interface BilledUsage extends TokenUsage {
  readonly inputSplit: TokenSplit;
  readonly outputSplit: TokenSplit;
}

/** Makes reported usage hold together; a subset that exceeds its total is cut to it (providers do report such). */
export function billedUsage(usage: CallUsage): BilledUsage {
  const input = count(usage.input);
  const output = count(usage.output);
  const cacheRead = Math.min(count(usage.cacheRead), input);
  return {
    input,
    output,
    cacheRead,
    cacheWrite: Math.min(count(usage.cacheWrite), input - cacheRead),
    reasoning: Math.min(count(usage.reasoning), output),
    inputSplit: split(input, usage.inputModalities),
    outputSplit: split(output, usage.outputModalities),
  };
}

function split(total: number, modalities: ModalityTokens | undefined): TokenSplit {
  const audio = Math.min(count(modalities?.audio), total);
  const image = Math.min(count(modalities?.image), total - audio);
  const text = Math.min(count(modalities?.text), total - audio - image);
  return { text, audio, image, unknown: total - audio - image - text };
}

function count(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : 0;
}
