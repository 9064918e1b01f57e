/** How a job is added. */
export interface AddOptions {
  /** How often it is tried; 1 unless given. */
  readonly attempts?: number;
  readonly delayMs?: number;
}

/** A queue of the library under test, in this process. */
export interface QueueUnderTest {
  /** Resolves when the job is in the queue. */
  add(data: object, options?: AddOptions): Promise<void>;
  /** Adds jobs in one call. */
  addMany(data: readonly object[]): Promise<void>;
  /** Resolves when the worker runs. */
  work(handler: (data: Readonly<Record<string, unknown>>) => unknown, options?: { readonly concurrency?: number }): Promise<void>;
  /** Ends the workers and what else the queue holds open. */
  close(): Promise<void>;
}

/** What a queue adapter shows to the conformance suite: its library under the hook, on a real server. */
export interface QueueHarness {
  /** Value of `queue.system`. */
  readonly system: string;
  /** Value of `job.type` of the jobs that `add` adds. */
  readonly type: string;
  /** False where the library does not tell how old its oldest waiting job is. */
  readonly tellsAge: boolean;
  /** Starts the server, hooks and loads the library; depth is looked at every 100 milliseconds. */
  start(): Promise<void>;
  stop(): Promise<void>;
  open(queue: string): Promise<QueueUnderTest>;
  /** Adds a job in the current attribution; resolves with the attribution in which a process of its own has worked on it. */
  workElsewhere(queue: string): Promise<unknown>;
}
