import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attribution } from './attribution.ts';

/** One HTTP request that the application serves. */
export interface RequestRecord {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** As sent; not yet bounded. */
  readonly method: string;
  /** `performance.now()` at the request's start, in milliseconds. */
  readonly startTime: number;
  /** `METHOD /template` of the matched route; undefined while, or if, no framework has matched one. */
  readonly route: string | undefined;
  /** The attribution that the request's handlers run in. */
  readonly attribution: Attribution;
  /** Features whose use by this request goes on in a job that it enqueued. */
  continuedFeatures: Set<string> | undefined;
}

/** How a request ended. */
export interface RequestEnd {
  readonly durationSeconds: number;
  /** Undefined when the connection closed before a response was complete. */
  readonly statusCode: number | undefined;
  readonly aborted: boolean;
  /** Bytes of the request's body that arrived. */
  readonly requestBodyBytes: number;
  /** Bytes of the response's body; undefined when they cannot be told. */
  readonly responseBodyBytes: number | undefined;
}

/** Who is told of requests. Listeners run through `safely`. */
export interface RequestObservers {
  readonly start: Set<(record: RequestRecord) => void>;
  readonly end: Set<(record: RequestRecord, end: RequestEnd) => void>;
}
