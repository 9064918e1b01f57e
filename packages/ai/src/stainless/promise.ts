import { attachments, safely } from '@tallyman/core';
import type { AiCall } from '../call.ts';
import type { Dialect } from './dialect.ts';
import { ownerOf } from './owner.ts';
import { followStream, isStream } from './stream.ts';

type Transform = (data: unknown, properties: unknown) => unknown;
type Parse = (client: unknown, properties: unknown) => Promise<unknown>;
type Unwrap = (this: ApiPromise, transform: Transform) => ApiPromise;

/** What is used of the SDKs' `APIPromise`: it parses the answer only when it is awaited, and a body can be read only once. */
export interface ApiPromise extends Promise<unknown> {
  responsePromise: Promise<unknown>;
  parseResponse: Parse;
  /** The answer, once it was asked for. */
  readonly parsedPromise?: Promise<unknown>;
  _thenUnwrap: Unwrap;
  asResponse(): Promise<Response>;
}

/**
 * Follows a call through the promise that the application gets: the same object, which is never awaited here, for that would read the body.
 *
 * `responsePromise` is replaced by one that passes everything on, so that the headers or the error are seen whether or not the application awaits, and
 * an error that nobody handles stays unhandled, and one that is handled there stays handled.
 */
export function followPromise(promise: ApiPromise, call: AiCall, dialect: Pick<Dialect, 'reader' | 'failureOf'>): void {
  // The application's client gave the promise of an earlier call once more, which is one call.
  if (answerOf(promise) !== undefined) return;
  const answer = new Answer(call, dialect);
  observe(promise, answer);
  link(promise, answer);
  const { responsePromise, parsedPromise } = promise;
  // When nothing of this call can fail any more: a promise of ours that the application does not get would reject with nobody to handle it.
  if (parsedPromise === undefined) {
    promise.responsePromise = responsePromise.then(
      (properties) => {
        answer.arrived();
        return properties;
      },
      (error: unknown) => {
        answer.fail(error);
        throw error;
      },
    );
  } else {
    // The application's client has asked for the answer already, from the response as it was.
    parsedPromise.then(
      (data) => answer.see(data),
      (error: unknown) => answer.fail(error),
    );
  }
  answers.set(promise.responsePromise, answer);
  cover(promise);
}

/** The answers that responses belong to: the promises that stand for an answer share its response. */
const answers = attachments<Answer>();

function answerOf({ responsePromise }: Partial<ApiPromise>): Answer | undefined {
  return typeof responsePromise === 'object' && responsePromise !== null ? answers.get(responsePromise) : undefined;
}

/** Sees how a promise reads the answer. */
function observe(promise: ApiPromise, answer: Answer): void {
  const { parseResponse } = promise;
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
}

/** Sees what is unwrapped of a promise: newer versions set the method on each instance, closed over the original parser and response. */
function link(promise: ApiPromise, answer: Answer): void {
  if (!Object.hasOwn(promise, '_thenUnwrap')) return;
  const { _thenUnwrap } = promise;
  promise._thenUnwrap = (transform) => unwrap(promise, answer, _thenUnwrap, transform);
}

/** Keeps what is unwrapped of a promise, and of that in turn, on the promise's own response: another one would be left to reject alone. */
function unwrap(promise: ApiPromise, answer: Answer, original: Unwrap, transform: Transform): ApiPromise {
  const unwrapped = original.call(promise, (data, properties) => transform(answer.see(data), properties));
  unwrapped.responsePromise = promise.responsePromise;
  link(unwrapped, answer);
  safely('ai.unwrapped', observe, unwrapped, answer);
  return unwrapped;
}

const covered = new WeakSet<object>();

/** Covers the methods of the promise's class for promises that stand for an answer; so a promise that is printed looks as it did. */
function cover(promise: ApiPromise): void {
  const prototype = Object.getPrototypeOf(promise) as ApiPromise;
  if (covered.has(prototype)) return;
  covered.add(prototype);
  // What a client of the application's own returns may be any object: only a class that reads answers is covered.
  const owner = ownerOf(prototype, 'asResponse') as ApiPromise | undefined;
  if (owner === undefined || covered.has(owner.asResponse)) return;
  const { asResponse, _thenUnwrap } = owner;
  const methods = {
    asResponse(this: ApiPromise) {
      const raw = asResponse.call(this);
      const answer = answerOf(this);
      return answer === undefined ? raw : raw.then((response) => answer.handedOut(response));
    },
    _thenUnwrap(this: ApiPromise, transform: Transform) {
      const answer = answerOf(this);
      return answer === undefined ? _thenUnwrap.call(this, transform) : unwrap(this, answer, _thenUnwrap, transform);
    },
  };
  covered.add(methods.asResponse);
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(owner, name, { value, writable: true, configurable: true, enumerable: false });
}

/** The answer of one call: tells the call what becomes of it. What is called from outside does not throw. */
class Answer {
  /** Until it has ended: the promises that hold this live longer, and all that lives long costs the garbage collector. */
  #call: AiCall | undefined;
  readonly #dialect: Pick<Dialect, 'reader' | 'failureOf'>;
  #isParsed = false;
  #isSeen = false;

  constructor(call: AiCall, dialect: Pick<Dialect, 'reader' | 'failureOf'>) {
    this.#call = call;
    this.#dialect = dialect;
  }

  /** The headers are there. */
  arrived(): void {
    safely('ai.arrived', tell, this.#call, 'arrived');
  }

  /** The SDK begins to read the body. */
  parsing(): void {
    this.#isParsed = true;
    safely('ai.parsing', tell, this.#call, 'reading');
  }

  /**
   * The application gets the raw response. Its body is its own: whatever reads it here takes it away, so the usage stays unknown. A parsed answer may
   * still be asked for in the same turn. Gives the response back.
   */
  handedOut(response: Response): Response {
    if (!this.#isParsed) safely('ai.raw', () => setImmediate(() => this.#isParsed || this.#abandon()).unref());
    return response;
  }

  #abandon(): void {
    safely('ai.abandoned', () => {
      this.#call?.abandon();
      this.#call = undefined;
    });
  }

  /** The parsed data, before and after the SDK transforms it: the first time counts. Gives it back. */
  see(data: unknown): unknown {
    if (this.#isSeen) return data;
    this.#isSeen = true;
    safely('ai.answer', read, this, data);
    return data;
  }

  /** Reads the parsed data. */
  read(data: unknown): void {
    const call = this.#call;
    if (call === undefined) return;
    const reader = this.#dialect.reader(call.operation, call.provider);
    if (isStream(data)) {
      followStream(data, call, reader, this.#dialect);
      return;
    }
    this.#call = undefined;
    call.report(reader.read(data) ?? {});
    call.end(reader.failure === undefined ? 'ok' : 'error', reader.failure);
  }

  /** The request or the reading of its body failed. */
  fail(error: unknown): void {
    safely('ai.failed', () => {
      const { outcome, errorType } = this.#dialect.failureOf(error);
      this.#call?.end(outcome, errorType);
      this.#call = undefined;
    });
  }
}

function tell(call: AiCall | undefined, what: 'arrived' | 'reading'): void {
  call?.[what]();
}

function read(answer: Answer, data: unknown): void {
  answer.read(data);
}
