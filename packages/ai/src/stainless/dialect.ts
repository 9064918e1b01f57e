import type { CallReport, CallStart } from '../call.ts';
import type { AiOperation, AiOutcome } from '../record.ts';

/** Reads the answer of one call. */
export interface AnswerReader {
  /** A whole answer, or a chunk of a streamed one; undefined when it tells nothing new. */
  read(part: unknown): CallReport | undefined;
  /** Whether the application has all that it could want, so that one that stops reading now has not cut the answer short. */
  readonly isComplete: boolean;
  /** Class or code of the error that the answer itself tells of. */
  readonly failure: string | undefined;
}

/** How a failed call is recorded. */
export interface Failure {
  readonly outcome: Exclude<AiOutcome, 'ok'>;
  readonly errorType: string;
}

/** What differs between SDKs that Stainless generates: one client class that owns `post`, which returns an `APIPromise`. */
export interface Dialect<Client = unknown> {
  /** The operation of a path; undefined for what is no AI call. */
  operationOf(path: string): AiOperation | undefined;
  /** Who is called. */
  backendOf(client: Client): Pick<CallStart, 'provider' | 'serverAddress'>;
  /** What the options of a request tell. */
  describe(options: unknown, client: Client): Pick<CallStart, 'requestModel' | 'streamed'>;
  /** A reader for the answer of one call. */
  reader(operation: AiOperation, provider: string): AnswerReader;
  /** What an error of the SDK means. */
  failureOf(error: unknown): Failure;
}
