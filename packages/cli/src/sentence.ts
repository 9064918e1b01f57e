import { formatDollars } from './format.ts';
import type { Row, Table } from './table.ts';

/**
 * The line that people show a colleague: what the biggest earner earns for its tokens, and what a use of the feature costs that earns least;
 * for instance `job_match earned $9.40 per $1 of tokens; cv_parse costs $0.021 a use and earns nothing`.
 * Undefined while no feature that was named has cost anything.
 */
export function sentenceOf(table: Table): string | undefined {
  const costly = table.rows.filter(({ kind, dollars }) => kind === 'named' && dollars);
  const [best] = costly.filter(({ revenue }) => revenue).sort((a, b) => (b.revenue ?? 0) - (a.revenue ?? 0));
  const [poorest] = costly
    .filter((row) => row !== best && row.dollarsPerUse !== undefined)
    // What earns nothing at all, what earns least for its dollars, what costs most.
    .sort((a, b) => Number(earns(a, table)) - Number(earns(b, table)) || ratio(a) - ratio(b) || (b.dollars ?? 0) - (a.dollars ?? 0));
  const parts = [best && `${best.name} earned ${formatDollars(best.revenuePerDollar)} per $1 of tokens`, poorest && costs(poorest, table)];
  return parts.filter(Boolean).join('; ') || undefined;
}

function costs(row: Row, table: Table): string {
  const cost = `${row.name} costs ${formatDollars(row.dollarsPerUse)} a use`;
  const isRevenueKnown = table.total.revenue !== undefined || table.foreignRevenue.length > 0;
  return isRevenueKnown && !earns(row, table) ? `${cost} and earns nothing` : cost;
}

/** In whatever currency. */
function earns(row: Row, table: Table): boolean {
  return Boolean(row.revenue) || table.foreignRevenue.some(({ feature }) => feature === row.name);
}

function ratio({ revenuePerDollar = 0 }: Row): number {
  return revenuePerDollar;
}
