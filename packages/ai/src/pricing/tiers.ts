/**
 * Factors of service tiers on the price of tokens, by provider. Sources: developers.openai.com, flex and batch processing (half the standard price);
 * learn.microsoft.com, Azure OpenAI flex processing (50 % less) and global batch (50 % less); console.groq.com/docs/flex-processing (same price).
 * What `priority`, `scale`, `fast` and the like cost differs from model to model, so they have no factor.
 */
const FACTORS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  openai: { flex: 0.5, batch: 0.5 },
  'azure.ai.openai': { flex: 0.5, batch: 0.5 },
  groq: { flex: 1 },
};

const STANDARD: ReadonlySet<string> = new Set(['default', 'standard', 'auto', 'on_demand']);

/** The factor of the tier that served a call; undefined when it is not known, for then the price is not known either. */
export function tierFactor(provider: string, tier: string | undefined, own: Readonly<Record<string, number>> | undefined): number | undefined {
  if (tier === undefined || STANDARD.has(tier)) return 1;
  const factors = FACTORS[provider];
  if (own !== undefined && Object.hasOwn(own, tier)) return own[tier];
  return factors !== undefined && Object.hasOwn(factors, tier) ? factors[tier] : undefined;
}
