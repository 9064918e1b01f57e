import { OTHER } from '@tallyman/catalog';
import { attributedFeature, currentAttribution, eventAttribution, safely } from '@tallyman/core';
import { type CallKind, callKind } from './kind.ts';
import { type AiOperation, type AiOutcome, type EndedCall, type Inference, recordCall } from './record.ts';
import type { CallUsage } from './usage.ts';
import { type OpenCall, unwatch, watch } from './waiting.ts';

/** A call that begins. */
export interface CallStart {
  readonly operation: AiOperation;
  readonly provider: string;
  /** Host of the API. */
  readonly serverAddress?: string | undefined;
  /** What is known of the request; the rest may follow with `describe`. */
  readonly requestModel?: string | undefined;
  readonly streamed?: boolean | undefined;
}

/**
 * What an answer, or a part of a streamed one, tells; members that are undefined leave what was told before. Kept as it is until the call is recorded, some time
 * after it has ended, so nothing in it may change.
 */
export interface CallReport {
  readonly responseModel?: string | undefined;
  readonly usage?: CallUsage | undefined;
  /** The service tier that served the call. */
  readonly serviceTier?: string | undefined;
  /** The call's cost in US dollars, where the provider tells it. */
  readonly costUsd?: number | undefined;
  /** Number of generated images. */
  readonly images?: number | undefined;
  /** Number of billed web searches that the model made. */
  readonly webSearches?: number | undefined;
}

const NOTHING: CallReport = {};

/** Begins to measure an AI call of the application, with who caused it: the attribution of this moment. */
export function measureCall(start: CallStart): AiCall {
  return new AiCall(start);
}

/**
 * One AI call while it goes on. The adapter tells what happens; time, tokens, cost, outcome and the published event come from here,
 * exactly once, by whichever way the call ends first. No method throws.
 */
export class AiCall implements OpenCall, Inference {
  readonly operation: AiOperation;
  readonly provider: string;
  readonly serverAddress: string | undefined;
  readonly #attribution = currentAttribution();
  readonly #start = performance.now();
  #requestModel: string | undefined;
  #streamed: boolean;
  #answer = NOTHING;
  /** Where chunks are recorded, as far as the call is known. */
  #kind: CallKind | undefined;
  // Numbers at all times: one that may be undefined takes a new object for each value.
  #lastArrival = 0;
  #hasChunk = false;
  #isIdle = false;
  #ended = false;

  constructor({ operation, provider, serverAddress, requestModel, streamed = false }: CallStart) {
    this.operation = operation;
    this.provider = provider;
    this.serverAddress = serverAddress;
    this.#requestModel = requestModel;
    this.#streamed = streamed;
  }

  get requestModel(): string {
    return this.#requestModel ?? OTHER;
  }

  get responseModel(): string | undefined {
    return this.#answer.responseModel;
  }

  get idleSince(): number | undefined {
    return this.#isIdle ? this.#lastArrival : undefined;
  }

  /** Adds what is known of the request only after the call began. */
  describe({ requestModel, streamed }: Pick<CallStart, 'requestModel' | 'streamed'>): void {
    this.#requestModel = requestModel ?? this.#requestModel;
    this.#streamed = streamed ?? this.#streamed;
    this.#kind = undefined;
  }

  /**
   * The answer's headers, or a stream, are there and the application has not asked for more yet. An answer that nobody reads is recorded as it stood then
   * (`ok`, or `aborted` once a part was read) after a while of waiting or at the end of the process: only then is it known that nobody will.
   */
  arrived(): void {
    if (this.#ended) return;
    this.#lastArrival = performance.now();
    this.#isIdle = true;
    watch(this);
  }

  /** The application asks for the answer, or for more of it. */
  reading(): void {
    this.#isIdle = false;
  }

  /** A chunk of a streamed answer has arrived. */
  chunk(): void {
    if (this.#ended) return;
    const now = performance.now();
    this.#kind ??= callKind(this, attributedFeature(this.#attribution));
    if (this.#hasChunk) this.#kind.timePerOutputChunk((now - this.#lastArrival) / 1000);
    else this.#kind.timeToFirstChunk((now - this.#start) / 1000);
    this.#hasChunk = true;
    this.#lastArrival = now;
    this.#isIdle = true;
  }

  /** Takes what the answer tells. */
  report(report: CallReport): void {
    const known = this.#answer;
    this.#kind = undefined;
    if (known === NOTHING) {
      this.#answer = report;
      return;
    }
    this.#answer = {
      responseModel: report.responseModel ?? known.responseModel,
      usage: report.usage ?? known.usage,
      serviceTier: report.serviceTier ?? known.serviceTier,
      costUsd: report.costUsd ?? known.costUsd,
      images: report.images ?? known.images,
      webSearches: report.webSearches ?? known.webSearches,
    };
  }

  /** The call has ended; `errorType` is a class or a code, and only that of an error is recorded. Further ends are ignored. */
  end(outcome: AiOutcome, errorType?: string): void {
    this.#end(outcome, errorType, performance.now());
  }

  abandon(): void {
    this.#end(this.#hasChunk ? 'aborted' : 'ok', undefined, this.idleSince ?? performance.now());
  }

  #end(outcome: AiOutcome, errorType: string | undefined, at: number): void {
    if (this.#ended) return;
    this.#ended = true;
    unwatch(this);
    safely('ai.record', () => recordCall(this.#endedAs(outcome, outcome === 'error' ? (errorType ?? OTHER) : undefined, at)));
  }

  #endedAs(outcome: AiOutcome, errorType: string | undefined, at: number): EndedCall {
    const { usage, images = 0, webSearches = 0, serviceTier, costUsd } = this.#answer;
    return {
      operation: this.operation,
      provider: this.provider,
      requestModel: this.requestModel,
      responseModel: this.responseModel,
      serverAddress: this.serverAddress,
      cause: eventAttribution(this.#attribution, attributedFeature(this.#attribution)),
      outcome,
      errorType,
      streamed: this.#streamed,
      durationSeconds: Math.max(at - this.#start, 0) / 1000,
      usage,
      images,
      webSearches,
      serviceTier,
      reportedUsd: costUsd,
    };
  }
}
