import { formatDollars } from './format.ts';
import type { Row, Table } from './table.ts';

/**
 * The line that people show a colleague: what the best earner earns, and what a use of the feature costs that earns least;
 * for instance `job_match earned $9.40 per $1 of tokens; cv_parse costs $0.021 a use and earns nothing`.
 * Undefined while no feature that was named has cost anything.
 */
export function sentenceOf(table: Table): string | undefined {
  const costly = table.rows.filter(({ kind, dollars }) => kind === 'named' && dollars);
  const [best] = costly.filter(({ revenue }) => revenue).sort((a, b) => ratio(b) - ratio(a));
  const poor = leastEarning(costly.filter((row) => row !== best && row.dollarsPerUse !== undefined));
  const parts = [best && `${best.name} earned ${formatDollars(best.revenuePerDollar)} per $1 of tokens`, poor && costs(poor, table)];
  return parts.filter(Boolean).join('; ') || undefined;
}

/** What earns least for its dollars; among those that earn nothing, what costs most. */
function leastEarning(rows: readonly Row[]): Row | undefined {
  return [...rows].sort((a, b) => ratio(a) - ratio(b) || (b.dollars ?? 0) - (a.dollars ?? 0))[0];
}

function costs(row: Row, table: Table): string {
  const cost = `${row.name} costs ${formatDollars(row.dollarsPerUse)} a use`;
  const isRevenueKnown = table.total.revenue !== undefined || table.foreignRevenue.length > 0;
  const earns = row.revenue || table.foreignRevenue.some(({ feature }) => feature === row.name);
  return isRevenueKnown && !earns ? `${cost} and earns nothing` : cost;
}

function ratio({ revenuePerDollar = 0 }: Row): number {
  return revenuePerDollar;
}
