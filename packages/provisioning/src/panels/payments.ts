import * as units from '@grafana/grafana-foundation-sdk/units';
import { aiMetrics, webhookMetrics } from '@tallyman/catalog';
import { bars, table } from '../grafana/index.ts';
import { increase, perInterval } from '../promql/index.ts';

const noValue = 'no payment in this range';

/** Sales. */
export const conversions = bars({
  title: 'Payments, by plan',
  about: 'First payments and renewals.',
  unit: units.Short,
  noValue,
  stacked: true,
  queries: [{ expression: perInterval(webhookMetrics.conversions, { by: ['payment.provider', 'plan'] }) }],
});

/** Lost sales. */
export const paymentFailures = bars({
  title: 'Failed payments, by decline code',
  about: 'By method, as the provider tells.',
  unit: units.Short,
  noValue: 'no payment failed in this range',
  stacked: true,
  queries: [{ expression: perInterval(webhookMetrics.failures, { by: ['payment.method', 'error.type'] }) }],
});

/** Money in beside money out. */
export const moneyOverTime = bars({
  title: 'Revenue and AI cost over time',
  about: 'US dollars in each interval; other currencies are in the table "Money by currency".',
  unit: units.Dollars,
  noValue,
  colors: { '^revenue$': 'green', '^AI cost$': 'orange' },
  queries: [
    { name: 'revenue', expression: perInterval(webhookMetrics.revenue, { where: { currency: 'usd' } }) },
    { name: 'AI cost', expression: perInterval(aiMetrics.cost) },
  ],
});

/** All currencies. */
export const moneyByCurrency = table({
  title: 'Money by currency',
  about: 'In the range, each row in the major unit of its currency: never to be added up.',
  unit: units.Short,
  noValue,
  row: { attribute: 'currency', title: 'Currency' },
  sortedBy: 'Received',
  queries: [
    { name: 'Received', expression: increase(webhookMetrics.revenue, { by: ['currency'] }), decimals: 2 },
    { name: 'Given back', expression: increase(webhookMetrics.refunded, { by: ['currency'] }), decimals: 2 },
    { name: 'Disputed', expression: increase(webhookMetrics.disputed, { by: ['currency'] }), decimals: 2 },
  ],
});

/** Who comes and who leaves. */
export const subscriptionChanges = bars({
  title: 'Changes of subscriptions',
  about: 'By plan.',
  unit: units.Short,
  noValue: 'no subscription changed in this range',
  stacked: true,
  queries: [{ expression: perInterval(webhookMetrics.subscriptionEvents, { by: ['change', 'plan'] }) }],
});
