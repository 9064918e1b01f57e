import { webhookMetrics as metrics } from '@tallyman/catalog';
import { type Act, faultConformance } from '../faults/index.ts';
import { webhookActs } from './acts.ts';
import type { WebhookSubject } from './subject.ts';

/** An adapter under faults of ours: its SDK measured and bare. */
export interface WebhookFaultTrial {
  readonly measured: WebhookSubject;
  readonly bare: WebhookSubject;
  /** What else applications do with this SDK. */
  readonly acts?: Readonly<Record<string, Act>>;
  /** Guarded places of the domain and of the adapter. */
  readonly places: readonly string[];
}

/** A check whose request is not known counts as one outside of any request, and a delivery whose check is not known as one without. */
const instead = {
  'request.received': [metrics.received, metrics.duplicates, metrics.conversions, metrics.revenue],
  'request.pushed': [metrics.received],
  'webhooks.verification': [metrics.received, metrics.duration],
};

/** Whatever fails of ours, the application and the provider get of a delivery what they get bare. */
export function webhookFaults({ measured, bare, acts = {}, places }: WebhookFaultTrial): void {
  const subjects = { measured, bare };
  const common = Object.entries(webhookActs(measured)).map(([title, act]) => [title, (variant: keyof typeof subjects) => act(subjects[variant])] as const);
  faultConformance({ acts: { ...Object.fromEntries(common), ...acts }, places, instead });
}
