/** The part `queues` of the configuration; `@tallyman/queues/config` validates it. */
export interface QueuesConfiguration {
  /** Whether the depth of queues is read, every 15 seconds, in processes that work on a queue or add to it; `on` unless set. */
  readonly depth?: 'on' | 'off' | undefined;
  /** Queues whose finished jobs are generations: queue to the value of `type` in `generation.success` and `generation.failure`. */
  readonly generations?: Readonly<Record<string, string>> | undefined;
}

declare module '@tallyman/core' {
  interface Configuration {
    readonly queues?: QueuesConfiguration | undefined;
  }
}
