/**
 * How the provider answers one request; by default well. It travels as JSON in the header `x-answer`, so that any process can ask for it,
 * or is queued with `provider.next`.
 */
export interface ProviderAnswer {
  /** Status of an error answer. */
  readonly status?: number;
  /** How many attempts of a request get that error; all unless given. Attempts are told apart by the SDKs' retry header. */
  readonly failures?: number;
  /** `error.code` of an error answer. */
  readonly code?: string;
  /** Never answers: the request hangs until the client leaves. */
  readonly hang?: boolean;
  /** Number of chunks with content in a stream. */
  readonly chunks?: number;
  /** After so many chunks of a stream nothing comes until the client leaves. */
  readonly holdAfter?: number;
  /** After so many chunks of a stream the connection is cut. */
  readonly cutAfter?: number;
  /** Milliseconds between two chunks. */
  readonly interval?: number;
  /** The usage to report, in the shape of the wire; null reports none. */
  readonly usage?: object | null;
  /** `service_tier` of the answer. */
  readonly serviceTier?: string;
  /** The model that answers, when it is not the requested one with a date. */
  readonly model?: string;
  /** A recorded body, sent as it is. */
  readonly body?: string;
  readonly contentType?: string;
}

/** The header that carries a ProviderAnswer. */
export const ANSWER_HEADER = 'x-answer';

/** What the provider reports of a chat completion or a response. */
export const CHAT_USAGE = { input: 100, output: 20, cacheRead: 40, cacheWrite: 0, reasoning: 8 } as const;

/** Input tokens of an embedding. */
export const EMBEDDING_TOKENS = 9;

/** What the provider reports of an image. */
export const IMAGE_USAGE = { inputText: 12, inputImage: 30, output: 1056 } as const;

/** Chunks with content in a stream, unless the answer says otherwise. */
export const DEFAULT_CHUNKS = 500;
