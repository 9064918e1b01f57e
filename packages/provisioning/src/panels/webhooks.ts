import * as units from '@grafana/grafana-foundation-sdk/units';
import { webhookMetrics } from '@tallyman/catalog';
import { bars, lines } from '../grafana/index.ts';
import { perInterval, quantile } from '../promql/index.ts';

const by = ['webhook.provider'] as const;
const noValue = 'no webhook was delivered in this range';

/** Are payments being heard? */
export const deliveries = bars({
  title: 'Webhook deliveries, by event type and outcome',
  about: 'Only events whose origin was proven have a type.',
  unit: units.Short,
  noValue,
  stacked: true,
  colors: { '.* failed$': 'red', '.* rejected$': 'orange' },
  queries: [{ expression: perInterval(webhookMetrics.received, { by: ['webhook.provider', 'webhook.event_type', 'outcome'] }) }],
});

/** Who could not prove to be the provider. */
export const verificationFailures = bars({
  title: 'Webhook signatures that failed, by reason',
  about: 'Such deliveries change no other number.',
  unit: units.Short,
  noValue: 'no signature failed in this range',
  stacked: true,
  queries: [{ expression: perInterval(webhookMetrics.verificationFailures, { by: ['webhook.provider', 'reason'] }) }],
});

/** What the provider sent again. */
export const duplicates = bars({
  title: 'Webhook events delivered again',
  about: 'They count once in payments.',
  unit: units.Short,
  noValue,
  stacked: true,
  queries: [{ expression: perInterval(webhookMetrics.duplicates, { by }) }],
});

/** How long the provider waits. */
export const webhookDuration = lines({
  title: 'Webhook answers: duration, p95 by provider',
  about: '19 of 20 deliveries are answered sooner.',
  unit: units.Seconds,
  noValue,
  queries: [{ expression: quantile(webhookMetrics.duration, 0.95, { by }) }],
});

/** How old the news is. */
export const webhookLag = lines({
  title: 'Webhook lag, p95 by provider',
  about: 'From the event to its delivery; 19 of 20 arrive sooner.',
  unit: units.Seconds,
  noValue,
  queries: [{ expression: quantile(webhookMetrics.lag, 0.95, { by }) }],
});
