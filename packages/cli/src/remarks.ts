import { aiMetrics, webhookMetrics } from '@tallyman/catalog';
import { formatCount, formatDollars, formatMoney } from './format.ts';
import { type Series, sumBy } from './series.ts';
import type { Table } from './table.ts';

/** What the numbers of the table leave out, one line a fact. */
export function remarksOf(series: readonly Series[], { foreignRevenue, total }: Table): string[] {
  const remarks = [
    foreignRevenue.length > 0 &&
      `Not in dollars: ${foreignRevenue.map(({ feature, currency, amount }) => `${feature} earned ${formatMoney(amount, currency)}`).join(', ')}.`,
    unsharedRevenue(series, total.revenue ?? 0),
    money('Refunded', series, webhookMetrics.refunded),
    money('Under dispute', series, webhookMetrics.disputed),
    calls('Missing in the dollars', 'without a known price', series, aiMetrics.unpricedCalls),
    calls('Missing in tokens and dollars', 'without reported usage', series, aiMetrics.unmeteredCalls),
  ];
  return remarks.filter((remark) => remark !== undefined && remark !== false);
}

/** Half a cent is no difference. */
const TOLERANCE = 0.005;

function unsharedRevenue(series: readonly Series[], shared: number): string | undefined {
  const received = sumBy(series, webhookMetrics.revenue, 'currency').get('usd') ?? 0;
  if (received - shared < TOLERANCE) return undefined;
  return `${formatDollars(received - shared)} of the ${formatDollars(received)} received belong to no feature: webhooks.earns in tallyman.config shares a plan's payments out.`;
}

type LostRevenue = typeof webhookMetrics.refunded | typeof webhookMetrics.disputed;

function money(what: string, series: readonly Series[], metric: LostRevenue): string | undefined {
  const amounts = [...sumBy(series, metric, 'currency')].filter(([, amount]) => amount > 0);
  if (amounts.length === 0) return undefined;
  return `${what}, and not taken off the revenue: ${amounts.map(([currency, amount]) => formatMoney(amount, currency)).join(', ')}.`;
}

type IncompleteCalls = typeof aiMetrics.unpricedCalls | typeof aiMetrics.unmeteredCalls;

function calls(missing: string, reason: string, series: readonly Series[], metric: IncompleteCalls): string | undefined {
  const models = [...sumBy(series, metric, 'gen_ai.request.model')].filter(([, count]) => count > 0);
  if (models.length === 0) return undefined;
  const count = models.reduce((total, [, one]) => total + one, 0);
  return `${missing}: ${formatCount(count)} AI ${count === 1 ? 'call' : 'calls'} ${reason} (${models.map(([model]) => model).join(', ')}).`;
}
