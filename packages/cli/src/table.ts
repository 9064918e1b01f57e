import { aiMetrics, featureMetrics, type Metric, webhookMetrics } from '@tallyman/catalog';
import { type Series, select, sum, sumBy } from './series.ts';

/** What one feature costs and earns. A number that nobody reported is undefined, which is not 0. */
export interface Row {
  /** The feature; of a stand-in its route or job, or `(no feature)`. */
  readonly name: string;
  /** A stand-in is a route or job that makes AI calls and that nobody named. */
  readonly kind: 'named' | 'standIn' | 'total';
  readonly uses: number | undefined;
  readonly aiCalls: number | undefined;
  /** Input and output. */
  readonly tokens: number | undefined;
  /** Cost of the AI calls. */
  readonly dollars: number | undefined;
  readonly dollarsPerUse: number | undefined;
  /** US dollars. */
  readonly revenue: number | undefined;
  /** Revenue for each dollar of AI. */
  readonly revenuePerDollar: number | undefined;
  /** Failed uses; of a stand-in, which has none, failed AI calls. */
  readonly failures: number | undefined;
}

/** Revenue of a feature in a currency other than the dollar, in major units. */
export interface ForeignRevenue {
  readonly feature: string;
  /** ISO 4217 in lower case. */
  readonly currency: string;
  readonly amount: number;
}

/** The table as numbers. */
export interface Table {
  /** Named features by cost, then stand-ins by cost. */
  readonly rows: readonly Row[];
  readonly total: Row;
  readonly foreignRevenue: readonly ForeignRevenue[];
}

/** Every metric that the table and the remarks below it are made of. */
export const tableMetrics: readonly Metric[] = [
  featureMetrics.usage,
  featureMetrics.revenue,
  aiMetrics.calls,
  aiMetrics.inputTokens,
  aiMetrics.outputTokens,
  aiMetrics.cost,
  aiMetrics.unpricedCalls,
  aiMetrics.unmeteredCalls,
  webhookMetrics.revenue,
  webhookMetrics.refunded,
  webhookMetrics.disputed,
];

const UNATTRIBUTED = '(no feature)';
const featured = [featureMetrics.usage, featureMetrics.revenue, aiMetrics.calls, aiMetrics.inputTokens, aiMetrics.outputTokens, aiMetrics.cost] as const;

/** Makes the table of all series, of whatever process or source. */
export function tableOf(series: readonly Series[]): Table {
  const names = new Set(featured.flatMap((metric) => select(series, metric).map(({ attributes }) => attributes.feature)));
  const named = new Set([featureMetrics.usage, featureMetrics.revenue].flatMap((metric) => [...sumBy(series, metric, 'feature').keys()]));
  const rows = [...names].map((name) => rowOf(series, name, name !== undefined && (named.has(name) || !isStandIn(name)) ? 'named' : 'standIn'));
  const shown = rows.filter(({ kind, aiCalls, tokens, dollars }) => kind === 'named' || aiCalls || tokens || dollars).sort(compare);
  return { rows: shown, total: totalOf(shown), foreignRevenue: foreignRevenueOf(series) };
}

function rowOf(series: readonly Series[], feature: string | undefined, kind: 'named' | 'standIn'): Row {
  const filter = { feature };
  const failure = { feature, outcome: 'error' } as const;
  return withRatios({
    name: feature ?? UNATTRIBUTED,
    kind,
    uses: sum(series, featureMetrics.usage, filter),
    aiCalls: sum(series, aiMetrics.calls, filter),
    tokens: add(sum(series, aiMetrics.inputTokens, filter), sum(series, aiMetrics.outputTokens, filter)),
    dollars: sum(series, aiMetrics.cost, filter),
    revenue: sum(series, featureMetrics.revenue, { feature, currency: 'usd' }),
    failures: kind === 'named' ? sum(series, featureMetrics.usage, failure) : sum(series, aiMetrics.calls, failure),
  });
}

function totalOf(rows: readonly Row[]): Row {
  const total = (key: 'uses' | 'aiCalls' | 'tokens' | 'dollars' | 'revenue' | 'failures') => rows.map((row) => row[key]).reduce(add, undefined);
  const sums = { uses: total('uses'), aiCalls: total('aiCalls'), tokens: total('tokens'), dollars: total('dollars'), revenue: total('revenue') };
  // Uses of different features are different things: their mean cost says nothing.
  return { ...withRatios({ name: 'total', kind: 'total', ...sums, failures: total('failures') }), dollarsPerUse: undefined };
}

function withRatios(row: Omit<Row, 'dollarsPerUse' | 'revenuePerDollar'>): Row {
  return { ...row, dollarsPerUse: divide(row.dollars, row.uses), revenuePerDollar: divide(row.revenue, row.dollars) };
}

function foreignRevenueOf(series: readonly Series[]): ForeignRevenue[] {
  const currencies = [...sumBy(series, featureMetrics.revenue, 'currency').keys()].filter((currency) => currency !== 'usd');
  return currencies.flatMap((currency) =>
    [...sumBy(series, featureMetrics.revenue, 'feature', { currency })]
      .filter(([, amount]) => amount > 0)
      .map(([feature, amount]) => ({ feature, currency, amount })),
  );
}

/** Written as attribution writes what nobody named: `METHOD /route` or `queue/job`. */
function isStandIn(feature: string): boolean {
  return feature.includes('/');
}

function compare(a: Row, b: Row): number {
  const byKind = Number(a.kind === 'standIn') - Number(b.kind === 'standIn');
  return byKind || (b.dollars ?? 0) - (a.dollars ?? 0) || (b.revenue ?? 0) - (a.revenue ?? 0) || (b.uses ?? 0) - (a.uses ?? 0) || (a.name < b.name ? -1 : 1);
}

function add(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : a + (b ?? 0);
}

function divide(dividend: number | undefined, divisor: number | undefined): number | undefined {
  return dividend === undefined || !divisor ? undefined : dividend / divisor;
}
