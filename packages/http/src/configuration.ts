/** The part `http` of the configuration; `@tallyman/http/config` validates it. */
export interface HttpConfiguration {
  /** Paths whose requests are left out of the metrics; compared exactly, without the query. */
  readonly ignorePaths?: readonly string[] | undefined;
}

declare module '@tallyman/core' {
  interface Configuration {
    /** `false` records no HTTP metrics; routes and attribution stay. */
    readonly http?: HttpConfiguration | false | undefined;
  }
}
