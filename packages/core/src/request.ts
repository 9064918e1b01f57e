import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attribution } from './attribution.ts';
import type { Level } from './bind-metrics.ts';
import { finishRequest, type ServerMessage, startRequest } from './connection.ts';
import { runtime } from './runtime.ts';
import { safely } from './safely.ts';

export { requestRecord } from './connection.ts';
export { mountPaths } from './route.ts';

/** One HTTP request that the application serves. */
export interface RequestRecord {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** As sent; not yet bounded. */
  readonly method: string;
  /** Of the connection to this process; what a proxy in front of it speaks does not matter. */
  readonly scheme: 'http' | 'https';
  /** `performance.now()` at the request's start, in milliseconds. */
  readonly startTime: number;
  /** `METHOD /template` of the matched route; undefined while, or if, no framework has matched one. */
  readonly route: string | undefined;
  /** The matched route's template alone. */
  readonly template: string | undefined;
  /** Where the request counts as in flight; undefined when it does not. */
  inFlight: Level | undefined;
  /** Set by adapters of frameworks that leave no trace of the route on the request. */
  matchedTemplate: string | undefined;
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
  /** Bytes of the response's body as sent, with the framing of chunks where it is chunked; undefined when they cannot be told. */
  readonly responseBodyBytes: number | undefined;
}

type StartListener = (record: RequestRecord) => void;
type EndListener = (record: RequestRecord, end: RequestEnd) => void;

/** Who is told of requests. What a listener throws is counted and goes no further. */
export interface RequestObservers {
  start: readonly StartListener[];
  end: readonly EndListener[];
  /** See `leaveOutServer`. */
  own: object | undefined;
}

/** Observes the HTTP/1 requests that this process serves, through Node's diagnostics channels; once, however often it is called. */
export function observeRequests(): void {
  observers();
}

/** Calls the listener when a request's headers have arrived, before the application sees it, in the request's attribution. Returns the function that ends this. */
export function onRequestStart(listener: StartListener): () => void {
  const told = observers();
  told.start = [...told.start, listener];
  return () => {
    told.start = told.start.filter((one) => one !== listener);
  };
}

/** Calls the listener when a response was handed to the operating system, or its connection closed before. Returns the function that ends this. */
export function onRequestEnd(listener: EndListener): () => void {
  const told = observers();
  told.end = [...told.end, listener];
  return () => {
    told.end = told.end.filter((one) => one !== listener);
  };
}

/** Takes a server of ours, such as that of `/metrics`, out of what is observed: a scrape is no request to the application. One for each process. */
export function leaveOutServer(server: object): void {
  if (runtime.requests !== undefined) runtime.requests.own = server;
}

/** The request that caused what runs now. */
export function currentRequest(): RequestRecord | undefined {
  return runtime.attribution.getStore()?.request;
}

function observers(): RequestObservers {
  if (runtime.requests !== undefined) return runtime.requests;
  const created: RequestObservers = { start: [], end: [], own: undefined };
  runtime.requests = created;
  if (runtime.active) {
    // An exception in a channel's subscriber would end the process.
    channel('http.server.request.start').subscribe((message) => void safely('request.received', startRequest, message as ServerMessage, created));
    channel('http.server.response.finish').subscribe((message) => void safely('request.answered', finishRequest, message as ServerMessage, created));
  }
  return created;
}

/** Takes a message of `http.server.request.start` that was published before requests were observed. */
export function receiveRequestStart(message: unknown): void {
  safely('request.received', startRequest, message as ServerMessage, observers());
}
