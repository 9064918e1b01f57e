/**
 * Decimals of the currencies that do not have two, by ISO 4217 code in lower case.
 * Source: ISO 4217 list one, column "minor unit" (SIX Financial Information, maintenance agency of ISO 4217).
 */
const DECIMALS: Readonly<Record<string, number>> = {
  ...decimals(0, 'bif clp djf gnf isk jpy kmf krw pyg rwf ugx uyi vnd vuv xaf xof xpf'),
  ...decimals(3, 'bhd iqd jod kwd lyd omr tnd'),
  ...decimals(4, 'clf uyw'),
};

function decimals(count: number, codes: string): Record<string, number> {
  return Object.fromEntries(codes.split(' ').map((code) => [code, count]));
}

/** An amount as a provider states it: an integer of the currency's smallest unit. */
export interface Money {
  readonly minor: number;
  /** ISO 4217 in any case. */
  readonly currency: string;
  /** How many decimals the provider gives this currency, where that differs from ISO 4217. */
  readonly decimals?: number | undefined;
}

/** The amount in major units of its currency: 1099 usd is 10.99, 500 jpy is 500, 5120 kwd is 5.12. */
export function majorUnits({ minor, currency, decimals: stated }: Money): number {
  const code = currency.toLowerCase();
  const count = stated ?? (Object.hasOwn(DECIMALS, code) ? (DECIMALS[code] as number) : 2);
  return minor / 10 ** count;
}
