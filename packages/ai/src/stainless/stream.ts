import { safely } from '@tallyman/core';
import type { AiCall } from '../call.ts';
import type { AnswerReader, Dialect } from './dialect.ts';

/** What is used of the SDKs' `Stream`: `for await`, `tee()` and `toReadableStream()` all call `iterator()`. */
export interface Stream {
  iterator(): AsyncIterator<unknown>;
  readonly controller?: AbortController;
}

/** Whether parsed data is a stream. */
export function isStream(data: unknown): data is Stream {
  return typeof data === 'object' && data !== null && typeof (data as Partial<Stream>).iterator === 'function';
}

/**
 * Follows a streamed answer. The SDK's own iterator stays the one that the application gets; only its three methods are covered, and a chunk costs one
 * promise more. A second iteration fails in the SDK and says nothing about the call.
 */
export function followStream(stream: Stream, call: AiCall, reader: AnswerReader, dialect: Pick<Dialect, 'failureOf'>): void {
  const { iterator: original } = stream;
  let isTaken = false;
  stream.iterator = function iterator() {
    const chunks = original.call(this);
    if (isTaken) return chunks;
    isTaken = true;
    safely('ai.stream', () => cover(chunks, new ChunkObserver(stream, call, reader, dialect)));
    return chunks;
  };
  call.arrived();
}

function cover(chunks: AsyncIterator<unknown>, observer: ChunkObserver): void {
  const { next, return: close, throw: raise } = chunks;
  const methods: Partial<AsyncIterator<unknown>> = {
    next(value?: unknown) {
      observer.asked();
      return next.call(chunks, value as undefined).then(observer.delivered, observer.failed);
    },
    ...(close && {
      return(value?: unknown) {
        observer.stopped();
        return close.call(chunks, value);
      },
    }),
    ...(raise && {
      throw(error?: unknown) {
        observer.stopped();
        return raise.call(chunks, error);
      },
    }),
  };
  for (const [key, value] of Object.entries(methods)) Object.defineProperty(chunks, key, { value, writable: true, configurable: true, enumerable: false });
}

function see(observer: ChunkObserver, result: IteratorResult<unknown>): void {
  observer.see(result);
}

/** Tells the call what becomes of its stream. Nothing of its own reaches the application. */
class ChunkObserver {
  readonly #stream: Stream;
  readonly #call: AiCall;
  readonly #reader: AnswerReader;
  readonly #dialect: Pick<Dialect, 'failureOf'>;

  constructor(stream: Stream, call: AiCall, reader: AnswerReader, dialect: Pick<Dialect, 'failureOf'>) {
    this.#stream = stream;
    this.#call = call;
    this.#reader = reader;
    this.#dialect = dialect;
  }

  /** The application asks for the next chunk. */
  asked(): void {
    this.#call.reading();
  }

  /** Passes a chunk, or the end, on. */
  readonly delivered = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
    safely('ai.chunk', see, this, result);
    return result;
  };

  /** Passes an error on. */
  readonly failed = (error: unknown): never => {
    safely('ai.broken', () => {
      const { outcome, errorType } = this.#dialect.failureOf(error);
      this.#call.end(outcome, errorType);
    });
    throw error;
  };

  /** The application wants no more. */
  stopped(): void {
    safely('ai.stopped', () => this.#end(this.#reader.isComplete ? 'ok' : 'aborted'));
  }

  /** Takes a chunk, or the end. */
  see(result: IteratorResult<unknown>): void {
    if (result.done) {
      this.#finished();
      return;
    }
    const report = this.#reader.read(result.value);
    if (report !== undefined) this.#call.report(report);
    this.#call.chunk();
  }

  /** The stream is at its end; the SDK ends it quietly, too, when the application aborts. */
  #finished(): void {
    this.#end(this.#stream.controller?.signal.aborted && !this.#reader.isComplete ? 'aborted' : 'ok');
  }

  #end(outcome: 'ok' | 'aborted'): void {
    const { failure } = this.#reader;
    this.#call.end(failure === undefined ? outcome : 'error', failure);
  }
}
