/** What the provider does with a request. */
export type Situation =
  /** Answers, with usage. */
  | 'answers'
  /** Answers without usage. */
  | 'answers without usage'
  /** Refuses with 400. */
  | 'refuses'
  /** Fails twice with 500, then answers: the SDK retries. */
  | 'recovers'
  /** Cannot be reached. */
  | 'is gone'
  /** Streams a part, then cuts the connection. */
  | 'breaks off'
  /** Streams a part, then nothing. */
  | 'falls silent';

/** Tokens that the provider reports for an answer. */
export interface ReportedUsage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
}

/** An instrumented SDK against a local provider. */
export interface AiSubject {
  /** Expected `gen_ai.provider.name`, `gen_ai.request.model`, `gen_ai.response.model`. */
  readonly provider: string;
  readonly requestModel: string;
  readonly responseModel: string;
  readonly usage: ReportedUsage;
  /** Chunks that the application sees of a whole stream. */
  readonly chunks: number;
  /** Chunks that arrive in the situations `breaks off` and `falls silent`. */
  readonly partialChunks: number;
  /** Expected `error.type` where the provider refuses, and where it is gone. */
  readonly refusal: string;
  readonly connectionError: string;
  /** Asks and awaits the whole answer. */
  ask(situation: Situation, signal?: AbortSignal): Promise<unknown>;
  /** Asks for a stream. */
  stream(situation: Situation, signal?: AbortSignal): Promise<AsyncIterable<unknown>>;
  /** Asks for one embedding, where the SDK has them. */
  readonly embedding?: { readonly model: string; readonly tokens: number; ask(): Promise<unknown> };
  /** Records the calls whose answers lie unread, as at the end of a process. */
  endIdleCalls(): void;
  /** Runs the work as an outer instrumentation that owns the call. */
  owning<T>(work: () => T): T;
}
