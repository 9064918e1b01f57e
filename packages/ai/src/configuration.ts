/** The part `ai` of the configuration; `@tallyman/ai/config` validates it. */
export interface AiConfiguration {
  /** Path of a price file, relative to the configuration file; its prices go before all others. */
  readonly prices?: string | undefined;
  /** Reserved: whether to estimate what a provider does not report. Estimates are not made; `true` is answered with one line. */
  readonly estimate?: boolean | undefined;
}

declare module '@tallyman/core' {
  interface Configuration {
    readonly ai?: AiConfiguration | undefined;
  }
}
