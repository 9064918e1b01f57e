import { boolean, type InferOutput, minLength, optional, pipe, strictObject, string } from 'valibot';

/** Validates the part `ai` of the configuration. */
export const aiConfiguration = strictObject({
  /** Path of a price file, relative to the configuration file; its prices go before all others. */
  prices: optional(pipe(string(), minLength(1))),
  /** Whether to estimate what a provider does not report; no version does it yet, so `true` is answered with one line. */
  estimate: optional(boolean()),
});

/** The part `ai` of the configuration. */
export type AiConfiguration = Readonly<InferOutput<typeof aiConfiguration>>;
