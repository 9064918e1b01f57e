/** The part `webhooks` of the configuration; `@tallyman/webhooks/config` validates it. */
export interface WebhooksConfiguration {
  /** Money counts only from deliveries that the provider's SDK has verified in this process, also for providers whose SDK has no verification. */
  readonly strict?: boolean | undefined;
  /** What a purchase is called in `plan`, by price id, product id, lookup key, nickname or `metadata.plan`. */
  readonly plans?: Readonly<Record<string, string>> | undefined;
  /** Which features a plan pays for: plan to feature to weight. */
  readonly earns?: Readonly<Record<string, Readonly<Record<string, number>>>> | undefined;
  /** Where deliveries of providers without a recognisable header arrive: provider to path. */
  readonly paths?: Readonly<Record<string, string>> | undefined;
}

declare module '@tallyman/core' {
  interface Configuration {
    readonly webhooks?: WebhooksConfiguration | undefined;
  }
}
