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
  _thenUnwrap: Unwrap;
  asResponse(): Promise<Response>;
}

/**
 * Follows a call through the promise that the application gets: the same object, which is never awaited here, for that would read the body.
 *
 * `responsePromise` is replaced by one that passes everything on, so that the headers or the error are seen whether or not the application awaits, and
 * an error that nobody handles stays unhandled.
 */
export function followPromise(promise: ApiPromise, call: AiCall, dialect: Pick<Dialect, 'reader' | 'failureOf'>): void {
  const answer = new Answer(call, dialect);
  observe(promise, answer);
  link(promise, answer);
  // When nothing of this call can fail any more: a promise of ours that the application does not get would reject with nobody to handle it.
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
  cover(promise);
}

/** The answers that promises stand for. */
const answers = attachments<Answer>();

/** Sees what is made of the promise through its class's methods. */
function link(promise: ApiPromise, answer: Answer): void {
  answers.set(promise, answer);
  // Newer versions set it on each instance, closed over the original parser and response.
  if (!Object.hasOwn(promise, '_thenUnwrap')) return;
  const unwrap = unwrapping(promise._thenUnwrap);
  promise._thenUnwrap = (transform) => unwrap.call(promise, transform);
}

/** Sees how the promise reads the answer. */
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

const covered = new WeakSet<object>();

/** Covers the methods of the promise's class for promises that stand for an answer; so a promise that is printed looks as it did. */
function cover(promise: ApiPromise): void {
  const prototype = ownerOf(promise, 'asResponse') as ApiPromise | undefined;
  // What a client of the application's own returns may be any object: only a class that reads answers is covered.
  if (prototype === undefined || covered.has(prototype)) return;
  covered.add(prototype);
  const { asResponse, _thenUnwrap } = prototype;
  const methods = {
    asResponse(this: ApiPromise) {
      const raw = asResponse.call(this);
      const answer = answers.get(this);
      return answer === undefined ? raw : raw.then((response) => answer.handedOut(response));
    },
    _thenUnwrap: unwrapping(_thenUnwrap),
  };
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(prototype, name, { value, writable: true, configurable: true, enumerable: false });
}

/** Keeps what is unwrapped of a promise, and of that in turn, on the promise's own response: another one would be left to reject alone. */
function unwrapping(original: Unwrap): Unwrap {
  return function _thenUnwrap(transform) {
    const answer = answers.get(this);
    if (answer === undefined) return original.call(this, transform);
    const unwrapped = original.call(this, (data, properties) => transform(answer.see(data), properties));
    unwrapped.responsePromise = this.responsePromise;
    link(unwrapped, answer);
    safely('ai.unwrapped', observe, unwrapped, answer);
    return unwrapped;
  };
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
