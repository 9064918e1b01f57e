import type { BilledUsage } from '../usage.ts';
import { type Billable, type CostParts, costAt, type Rates } from './rates.ts';
import { tableRates } from './table.ts';
import { tierFactor } from './tiers.ts';
import { userRates } from './user-prices.ts';

/** A call to price. */
export interface PricedCall extends Billable {
  readonly provider: string;
  readonly requestModel: string;
  readonly responseModel: string | undefined;
  /** The service tier that served the call. */
  readonly serviceTier: string | undefined;
  /** What the provider's answer says that the call costs, in US dollars. */
  readonly reportedUsd: number | undefined;
}

/** What a call costs. */
export interface Cost {
  readonly source: 'user' | 'provider' | 'table';
  /** In US dollars. */
  readonly usd: number;
  readonly parts: CostParts;
}

/** The cost of a call: by the user's price file, else as the provider reports it, else by the price table; undefined when no price is known. */
export function priceCall(call: PricedCall, usage: BilledUsage | undefined): Cost | undefined {
  return byRates('user', call, usage, userRates(call.provider, call.requestModel, call.responseModel)) ?? reported(call) ?? byTable(call, usage);
}

function reported({ reportedUsd }: PricedCall): Cost | undefined {
  return reportedUsd === undefined || !(reportedUsd >= 0 && reportedUsd < Number.POSITIVE_INFINITY)
    ? undefined
    : { source: 'provider', usd: reportedUsd, parts: [['total', reportedUsd]] };
}

/** The model that answered is the one that is billed; the requested name helps where the answer's name is not in the table. */
function byTable(call: PricedCall, usage: BilledUsage | undefined): Cost | undefined {
  if (usage === undefined) return undefined;
  const { provider, requestModel, responseModel } = call;
  return byRates('table', call, usage, (responseModel && tableRates(provider, responseModel)) || tableRates(provider, requestModel));
}

function byRates(source: Cost['source'], call: PricedCall, usage: BilledUsage | undefined, rates: Rates | undefined): Cost | undefined {
  const factor = rates && tierFactor(call.provider, call.serviceTier, rates.tiers);
  if (rates === undefined || factor === undefined) return undefined;
  if (usage === undefined && rates.request === undefined && (rates.image === undefined || call.images === 0)) return undefined;
  const parts = costAt(rates, call, usage, factor);
  return parts && { source, usd: parts.reduce((sum, [, usd]) => sum + usd, 0), parts };
}
