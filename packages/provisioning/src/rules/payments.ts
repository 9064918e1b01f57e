import { webhookMetrics } from '@tallyman/catalog';
import { above, and, atLeast, increase, plus, ratio } from '../promql/index.ts';
import { type Alert, record } from './rule.ts';

const by = ['service', 'payment.provider'] as const;

const failed = increase(webhookMetrics.failures, { by, over: '1h' });

/** Payments of the last hour, whether they failed or not. */
export const attemptedPayments = record('service_provider:payment_attempts:increase1h', plus(failed, increase(webhookMetrics.conversions, { by, over: '1h' })));

/** Share of the last hour's payments that failed: 0 without failures, absent without payments. */
export const failedPayments = record('service_provider:payment_failures:ratio_increase1h', ratio(failed, attemptedPayments.series));

/** Alerts on webhooks and payments. */
export const paymentAlerts: readonly Alert[] = [
  {
    name: 'WebhookVerificationFailures',
    expression: above(increase(webhookMetrics.verificationFailures, { by: ['service', 'webhook.provider'], over: '15m' }), 5),
    for: '1m',
    severity: 'page',
    area: 'payments',
    summary: '{{ $value | humanize }} webhook signatures of {{ $labels.webhook_provider }} failed at {{ $labels.service }} in a quarter of an hour',
    description:
      'If all deliveries fail, the secret is wrong or the body is parsed before it is checked, and payments are not heard. A few among good ones are forged.',
  },
  {
    name: 'PaymentFailureShareHigh',
    expression: and(above(failedPayments.series, 0.3), atLeast(attemptedPayments.series, 10)),
    for: '10m',
    severity: 'page',
    area: 'payments',
    summary: '{{ $value | humanizePercentage }} of the payments through {{ $labels.payment_provider }} fail at {{ $labels.service }}',
    description: 'Of at least ten payments in an hour. One decline code is a bank or a card network, all of them together are the checkout.',
  },
];
