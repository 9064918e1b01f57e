const INTEGER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const CENTS = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const TWO_DIGITS = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 2, minimumSignificantDigits: 2 });
const LEAST = 0.000001;

/** What stands where there is no number. */
export const NOTHING = '–';

/** A count with thousands separators: `12,345`; a dash for undefined. */
export function formatCount(value: number | undefined): string {
  return value === undefined ? NOTHING : INTEGER.format(value);
}

/** Dollars with as many digits as matter: `$1,234`, `$9.40`, `$0.021`; a dash for undefined. */
export function formatDollars(value: number | undefined): string {
  if (value === undefined) return NOTHING;
  if (value > 0 && value < LEAST) return `<$${LEAST.toFixed(6)}`;
  return `$${formatAmount(value)}`;
}

/** An amount of another currency, its code behind it: `1,234.50 EUR`. */
export function formatMoney(value: number, currency: string): string {
  return currency === 'usd' ? formatDollars(value) : `${CENTS.format(value).replace(/\.00$/, '')} ${currency.toUpperCase()}`;
}

function formatAmount(value: number): string {
  if (value >= 999.995) return INTEGER.format(value);
  // What rounds up to a full unit is written like one.
  return value === 0 || value >= 0.995 ? CENTS.format(value) : TWO_DIGITS.format(value);
}
