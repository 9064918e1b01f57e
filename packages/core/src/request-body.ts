import type { IncomingMessage } from 'node:http';
import type { Attribution } from './attribution.ts';
import { runtime } from './runtime.ts';
import { reportFault } from './safely.ts';

/** Told of a request's body once: the raw bytes, or undefined when they are more than the limit or did not all arrive. */
export type BodyListener = (body: Buffer | undefined) => void;

/** A limit that keeps nothing, not even an empty body. */
const NONE = -1;

/** What arrives of one request's body, seen without adding a listener, so that the stream's mode stays the application's. */
export class RequestBody {
  /** Bytes that arrived so far. */
  bytes = 0;
  #complete: boolean;
  #ended = false;
  #limit = NONE;
  #chunks: Uint8Array[] = [];
  #listeners: { readonly limit: number; readonly listener: BodyListener }[] = [];

  /** `isEmpty`: the request has no body, so nothing will arrive. */
  constructor(isEmpty: boolean) {
    this.#complete = isEmpty;
  }

  /** Keeps the bytes, up to the limit, for the listener; whoever asks after the first byte gets undefined. */
  collect(limit: number, listener: BodyListener): void {
    const keeps = this.bytes === 0 && !this.#ended;
    this.#listeners.push({ limit: keeps ? limit : NONE, listener });
    if (keeps) this.#limit = Math.max(this.#limit, limit);
    if (this.#ended) this.#settle();
  }

  /** Takes what the parser pushed into the request; null is its end. */
  arrived(chunk: unknown): void {
    if (chunk === null) {
      this.#complete = true;
      this.#settle();
    } else if (chunk instanceof Uint8Array) {
      this.bytes += chunk.byteLength;
      if (this.bytes <= this.#limit) this.#chunks.push(chunk);
      else if (this.#chunks.length > 0) this.#chunks = [];
    }
  }

  /** The request has ended: nothing more will arrive. */
  end(): void {
    this.#ended = true;
    this.#settle();
  }

  #settle(): void {
    const listeners = this.#listeners;
    if (listeners.length === 0) return;
    const body = this.#complete && this.bytes <= this.#limit ? Buffer.concat(this.#chunks, this.bytes) : undefined;
    this.#listeners = [];
    this.#chunks = [];
    for (const { limit, listener } of listeners) {
      try {
        listener(this.bytes <= limit ? body : undefined);
      } catch (error) {
        reportFault('request.body', error);
      }
    }
  }
}

/**
 * Gives the request an own `push`, through which Node's parser hands it what arrives. It sees the bytes, and it runs in the request's store: the parser's
 * own is that of the connection, and listeners of `data` and `end` would inherit it.
 */
export function observeBody(request: IncomingMessage, attribution: Attribution): RequestBody {
  const body = new RequestBody(false);
  const { push } = request;
  const observed: typeof push = function (this: IncomingMessage, chunk, encoding) {
    try {
      body.arrived(chunk);
    } catch (error) {
      reportFault('request.body', error);
    }
    const store = runtime.attribution;
    if (store.getStore()?.request === attribution.request) return push.call(this, chunk, encoding);
    return store.run(attribution, callPush, push, this, chunk, encoding);
  };
  Object.defineProperty(request, 'push', { value: observed, writable: true, configurable: true, enumerable: false });
  return body;
}

function callPush(push: IncomingMessage['push'], request: IncomingMessage, chunk: unknown, encoding: BufferEncoding | undefined): boolean {
  return push.call(request, chunk, encoding);
}
