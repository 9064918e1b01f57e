import { safely } from '@tallyman/core';
import type { AiCall } from '../call.ts';
import type { Dialect } from './dialect.ts';
import { followStream, isStream } from './stream.ts';

type Transform = (data: unknown, properties: unknown) => unknown;
type Parse = (client: unknown, properties: unknown) => Promise<unknown>;

/** What is used of the SDKs' `APIPromise`: it parses the answer only when it is awaited, and a body can be read only once. */
export interface ApiPromise extends Promise<unknown> {
  responsePromise: Promise<unknown>;
  parseResponse: Parse;
  _thenUnwrap(transform: Transform): ApiPromise;
  asResponse(): Promise<Response>;
}

/**
 * Follows a call through the promise that the application gets: the same object, which is never awaited here, for that would read the body.
 *
 * `responsePromise` is replaced by one that passes everything on, so that the headers or the error are seen whether or not the application awaits, and
 * an error that nobody handles stays unhandled. Newer versions set `_thenUnwrap` on each instance, closed over the original parser and response, so
 * what it returns is followed like the first promise.
 */
export function followPromise(promise: ApiPromise, call: AiCall, dialect: Pick<Dialect, 'reader' | 'failureOf'>): void {
  const answer = new Answer(call, dialect);
  observe(promise, answer);
  link(promise, answer);
  // At last, when nothing can fail any more: a promise of ours that the application does not get would reject with nobody to handle it.
  promise.responsePromise = promise.responsePromise.then(
    (properties) => {
      answer.arrived();
      return properties;
    },
    (error: unknown) => {
      answer.fail(error);
      throw error;
    },
  );
}

/** Keeps what is unwrapped of a promise, and of that in turn, on the promise's own response: another one would be left to reject alone. */
function link(promise: ApiPromise, answer: Answer): void {
  const { _thenUnwrap } = promise;
  define(promise, '_thenUnwrap', (transform: Transform) => {
    const unwrapped = _thenUnwrap.call(promise, (data, properties) => transform(answer.see(data), properties));
    unwrapped.responsePromise = promise.responsePromise;
    link(unwrapped, answer);
    safely('ai.unwrapped', observe, unwrapped, answer);
    return unwrapped;
  });
}

/** Sees how the answer is read. */
function observe(promise: ApiPromise, answer: Answer): void {
  const { parseResponse, asResponse } = promise;
  promise.parseResponse = async (client, properties) => {
    answer.parsing();
    let data: unknown;
    try {
      data = await parseResponse.call(promise, client, properties);
    } catch (error) {
      answer.fail(error);
      throw error;
    }
    return answer.see(data);
  };
  define(promise, 'asResponse', () =>
    asResponse.call(promise).then((raw) => {
      answer.handedOut();
      return raw;
    }),
  );
}

/** Keeps the method enumerable or not, so that a promise that is printed looks as it did. */
function define<Key extends '_thenUnwrap' | 'asResponse'>(promise: ApiPromise, key: Key, value: ApiPromise[Key]): void {
  if (Object.hasOwn(promise, key)) promise[key] = value;
  else Object.defineProperty(promise, key, { value, writable: true, configurable: true });
}

/** The answer of one call: tells the call what becomes of it. No method throws. */
class Answer {
  readonly #call: AiCall;
  readonly #dialect: Pick<Dialect, 'reader' | 'failureOf'>;
  #isParsed = false;
  #isSeen = false;

  constructor(call: AiCall, dialect: Pick<Dialect, 'reader' | 'failureOf'>) {
    this.#call = call;
    this.#dialect = dialect;
  }

  /** The headers are there. */
  arrived(): void {
    safely('ai.arrived', () => this.#call.arrived());
  }

  /** The SDK begins to read the body. */
  parsing(): void {
    this.#isParsed = true;
    safely('ai.parsing', () => this.#call.reading());
  }

  /**
   * The application has the raw response. Its body is its own: whatever reads it here takes it away, so the usage stays unknown. A parsed answer may
   * still be asked for in the same turn.
   */
  handedOut(): void {
    if (this.#isParsed) return;
    safely('ai.raw', () => setImmediate(() => this.#isParsed || void safely('ai.abandoned', () => this.#call.abandon())).unref());
  }

  /** The parsed data, before and after the SDK transforms it: the first time counts. Gives it back. */
  see(data: unknown): unknown {
    if (this.#isSeen) return data;
    this.#isSeen = true;
    safely('ai.answer', () => {
      const reader = this.#dialect.reader(this.#call.operation, this.#call.provider);
      if (isStream(data)) {
        followStream(data, this.#call, reader, this.#dialect);
        return;
      }
      this.#call.report(reader.read(data) ?? {});
      this.#call.end(reader.failure === undefined ? 'ok' : 'error', reader.failure);
    });
    return data;
  }

  /** The request or the reading of its body failed. */
  fail(error: unknown): void {
    safely('ai.failed', () => {
      const { outcome, errorType } = this.#dialect.failureOf(error);
      this.#call.end(outcome, errorType);
    });
  }
}
