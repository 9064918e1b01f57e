import { safely } from './safely.ts';

/** Told of a request's body once: the raw bytes, or undefined when they are more than the limit or did not all arrive. */
export type BodyListener = (body: Buffer | undefined) => void;

/** The bytes that are kept for listeners, and up to how many each of them wants. */
interface Collection {
  readonly listeners: { readonly limit: number; readonly listener: BodyListener }[];
  chunks: Uint8Array[];
  limit: number;
}

/** A limit that keeps nothing, not even an empty body. */
const NONE = -1;

/** What arrives of one request's body, seen without adding a listener, so that the stream's mode stays the application's. */
export class RequestBody {
  /** Bytes that arrived so far. */
  bytes = 0;
  #isComplete: boolean;
  #isEnded = false;
  #collection: Collection | undefined = undefined;

  /** `isEmpty`: the request has no body, so nothing will arrive. */
  constructor(isEmpty: boolean) {
    this.#isComplete = isEmpty;
  }

  /** Keeps the bytes, up to the limit, for the listener; whoever asks after the first byte gets undefined. */
  collect(limit: number, listener: BodyListener): void {
    const kept = this.bytes === 0 && !this.#isEnded ? limit : NONE;
    this.#collection ??= { listeners: [], chunks: [], limit: NONE };
    this.#collection.listeners.push({ limit: kept, listener });
    this.#collection.limit = Math.max(this.#collection.limit, kept);
    if (this.#isEnded) this.#settle();
  }

  /** Takes what the parser pushed into the request; null is its end. Never throws. */
  arrived(chunk: unknown): void {
    if (chunk === null) {
      this.#isComplete = true;
      this.#settle();
    } else if (chunk instanceof Uint8Array) {
      this.bytes += chunk.byteLength;
      if (this.#collection === undefined) return;
      if (this.bytes <= this.#collection.limit) this.#collection.chunks.push(chunk);
      else this.#collection.chunks.length = 0;
    }
  }

  /** The request has ended: nothing more will arrive. */
  end(): void {
    this.#isEnded = true;
    this.#settle();
  }

  #settle(): void {
    const collection = this.#collection;
    if (collection === undefined) return;
    this.#collection = undefined;
    const body = this.#isComplete && this.bytes <= collection.limit ? Buffer.concat(collection.chunks, this.bytes) : undefined;
    for (const { limit, listener } of collection.listeners) safely('request.body', listener, this.bytes <= limit ? body : undefined);
  }
}
