import type { AttributesOf, webhookMetrics } from '@tallyman/catalog';
import type { OutgoingDelivery, ReceivedDelivery, StartServer } from './http.ts';

/** Why a signature check failed. */
export type Reason = AttributesOf<typeof webhookMetrics.verificationFailures>['reason'];

/** An event as its provider sends it, not yet signed. */
export interface ProviderEvent {
  readonly type: string;
  readonly body: string;
}

/** What is bought in a test: a new purchase each time, of a plan that the events name or the configuration maps. */
export interface Bought {
  /** In the smallest unit of the currency. */
  readonly minor: number;
  readonly currency: string;
  readonly plan: string;
  /** Who buys; somebody new unless given. */
  readonly customer?: string;
}

/** How the application checks a delivery: throws, or rejects, when it is refused. */
export type Check = (delivery: ReceivedDelivery) => unknown;

/** A provider's SDK in one version and form, and how to make deliveries for it. */
export interface WebhookSubject {
  readonly title: string;
  /** Value of `webhook.provider` and `payment.provider`. */
  readonly provider: string;
  /** The servers that an application may have, by name; the bare one is added. */
  readonly servers: Readonly<Record<string, StartServer>>;
  /** The ways to check that succeed for every delivery that `sign` makes of a snapshot event. */
  readonly checks: Readonly<Record<string, Check>>;
  sign(event: ProviderEvent): OutgoingDelivery;
  /** Signed with a secret that is not the application's. */
  forge(event: ProviderEvent): OutgoingDelivery;
  /** Deliveries that are refused, and, where the mistake is the application's, how it checks. */
  refused(event: ProviderEvent): Readonly<Partial<Record<Reason, { readonly delivery: OutgoingDelivery; readonly check?: Check }>>>;
  /** Everything that the provider sends of a purchase by card; the first event tells of money and plan. */
  purchase(bought: Bought): readonly ProviderEvent[];
  /** The same of the first payment of a subscription. */
  subscriptionPurchase(bought: Bought): readonly ProviderEvent[];
  /** Everything that is sent of a payment for a further period. */
  renewal(bought: Bought): readonly ProviderEvent[];
  /** Everything that is sent of a purchase by card that the bank declines, with the code that it gives. */
  declined(bought: Bought, code: string): readonly ProviderEvent[];
  /** A purchase, and everything that is sent when part of it is given back. */
  refunded(bought: Bought, minor: number): { readonly purchase: readonly ProviderEvent[]; readonly refund: readonly ProviderEvent[] };
  /** A purchase, and everything that is sent when its payer disputes it. */
  disputed(bought: Bought): { readonly purchase: readonly ProviderEvent[]; readonly dispute: readonly ProviderEvent[] };
  subscriptionCreated(plan: string): ProviderEvent;
  subscriptionCancelled(plan: string): ProviderEvent;
  /** Checks without verification that the SDK offers, by name. */
  readonly unverified: Readonly<Record<string, Check>>;
  /** Events whose payload names no amount, and how they are checked; absent where the provider has none. */
  readonly thin?: { event(): ProviderEvent; readonly checks: Readonly<Record<string, Check>> };
}
