import * as units from '@grafana/grafana-foundation-sdk/units';
import { aiMetrics, webhookMetrics } from '@tallyman/catalog';
import { bars, table } from '../grafana/index.ts';
import { increase } from '../promql/index.ts';

const noValue = 'no payment in this range';

/** Sales. */
export const conversions = bars({
  title: 'Payments, by plan',
  about: 'First payments and renewals.',
  unit: units.Short,
  noValue,
  queries: [{ expression: increase(webhookMetrics.conversions, { by: ['payment.provider', 'plan'], over: '$__interval' }) }],
});

/** Lost sales. */
export const paymentFailures = bars({
  title: 'Failed payments, by decline code',
  about: 'By method, as the provider tells.',
  unit: units.Short,
  noValue: 'no payment failed in this range',
  queries: [{ expression: increase(webhookMetrics.failures, { by: ['payment.method', 'error.type'], over: '$__interval' }) }],
});

/** Money in beside money out. */
export const moneyOverTime = bars({
  title: 'Revenue and AI cost over time',
  about: 'US dollars in each interval; other currencies are in the table "Money by currency".',
  unit: units.Dollars,
  noValue,
  colors: { '^revenue.*': 'green', '^AI cost.*': 'orange' },
  queries: [
    { name: 'revenue', expression: increase(webhookMetrics.revenue, { by: ['plan'], where: { currency: 'usd' }, over: '$__interval' }) },
    { name: 'AI cost', expression: increase(aiMetrics.cost, { over: '$__interval' }) },
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
  queries: [{ expression: increase(webhookMetrics.subscriptionEvents, { by: ['change', 'plan'], over: '$__interval' }) }],
});
