import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Attribution } from './attribution.ts';
import type { Level } from './bind-metrics.ts';
import type { RequestEnd, RequestObservers, RequestRecord } from './request.ts';
import { routeTemplate } from './route.ts';
import { runtime, shared } from './runtime.ts';
import { safely } from './safely.ts';

/** What Node publishes on `http.server.request.start` and `http.server.response.finish`. */
export interface ServerMessage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly server: object;
}

/** What is known of one connection. */
interface Connection {
  readonly scheme: 'http' | 'https';
  /** The request in flight that is answered next. */
  current: HttpRequest | undefined;
  /** Requests in flight behind it, which the client sent without waiting. */
  pipelined: HttpRequest[] | undefined;
  /** Bytes written when the last response ended. */
  written: number;
}

const connections = shared('request.connections', () => new WeakMap<object, Connection>());
const idPrefix = `${Math.random().toString(36).slice(2, 10)}-`;
let requestCount = 0;

class HttpRequest implements RequestRecord {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly startTime: number;
  readonly attribution: Attribution;
  /** Bytes of the body that have arrived. */
  bodyBytes = 0;
  inFlight: Level | undefined = undefined;
  matchedTemplate: string | undefined = undefined;
  continuedFeatures: Set<string> | undefined = undefined;
  #id: string | undefined = undefined;

  constructor(request: IncomingMessage, response: ServerResponse, scheme: 'http' | 'https') {
    this.request = request;
    this.response = response;
    this.method = request.method ?? '';
    this.scheme = scheme;
    this.startTime = performance.now();
    this.attribution = { request: this };
    // Assigned, not defined: `Object.defineProperty` costs a request more than all the rest of this.
    if (hasBody(request)) request.push = observedPush;
  }

  get id(): string {
    this.#id ??= `${idPrefix}${++requestCount}`;
    return this.#id;
  }

  get template(): string | undefined {
    return this.matchedTemplate ?? routeTemplate(this.request);
  }

  get route(): string | undefined {
    const { template } = this;
    return template === undefined ? undefined : `${this.method} ${template}`;
  }
}

/**
 * The own `push` of requests with a body, through which Node's parser hands them what arrives. It sees the bytes, and it runs in the request's store:
 * listeners of `data` and `end` would else run in the store of the connection's parser.
 */
function observedPush(this: IncomingMessage, chunk: unknown, encoding?: BufferEncoding): boolean {
  const attribution = safely('request.pushed', observe, this, chunk);
  const current = runtime.attribution.getStore();
  if (attribution === undefined || current?.request === attribution.request) return callPush(this, chunk, encoding);
  if (current !== undefined) return runtime.attribution.run(attribution, callPush, this, chunk, encoding);
  // In the parser's callback, which the store ends with; `run` would cost twice as much.
  runtime.attribution.enterWith(attribution);
  return callPush(this, chunk, encoding);
}

/** Sees what arrives of a request, and tells the attribution that it belongs to. */
function observe(request: IncomingMessage, chunk: unknown): Attribution | undefined {
  const record = findRequest(request);
  if (record !== undefined && chunk instanceof Uint8Array) record.bodyBytes += chunk.byteLength;
  return record?.attribution;
}

function callPush(request: IncomingMessage, chunk: unknown, encoding: BufferEncoding | undefined): boolean {
  const { push } = Object.getPrototypeOf(request) as IncomingMessage;
  return push.call(request, chunk, encoding);
}

/** Looks at the headers as they were sent: `headers` is an object that Node makes of them when it is first asked for, and not every application asks. */
function hasBody({ rawHeaders }: IncomingMessage): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 14 && name.toLowerCase() === 'content-length' && rawHeaders[index + 1] !== '0') return true;
    if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') return true;
  }
  return false;
}

/** Makes the record of a request, puts its handlers into its attribution and tells the listeners. */
export function startRequest({ request, response, socket, server }: ServerMessage, told: RequestObservers): void {
  if (server === told.own) return;
  let connection = connections.get(socket);
  if (connection === undefined) {
    connection = watch(socket, told);
    connections.set(socket, connection);
  }
  const record = new HttpRequest(request, response, connection.scheme);
  // Node publishes right before it emits 'request' in the same callback of the parser, so the store reaches the handlers and ends with that callback.
  runtime.attribution.enterWith(record.attribution);
  if (connection.current === undefined) {
    connection.current = record;
  } else {
    connection.pipelined ??= [];
    connection.pipelined.push(record);
  }
  for (const listener of told.start) safely('request.start', listener, record);
}

/** One listener for each connection, none on responses: what is in flight when it closes was aborted. */
function watch(socket: Socket, told: RequestObservers): Connection {
  const isEncrypted = (socket as { readonly encrypted?: unknown }).encrypted === true;
  const connection: Connection = { scheme: isEncrypted ? 'https' : 'http', current: undefined, pipelined: undefined, written: socket.bytesWritten };
  socket.on('close', () => void safely('request.closed', abort, connection, told));
  return connection;
}

/** Ends the records of all requests that are in flight. */
function abort(connection: Connection, told: RequestObservers): void {
  for (let record = connection.current; record !== undefined; record = next(connection)) tell(told, record, undefined, undefined);
}

/** Takes the request in flight away and makes the one behind it current. */
function next(connection: Connection): HttpRequest | undefined {
  connection.current = connection.pipelined?.shift();
  return connection.current;
}

/** Ends the record of a request whose response was handed to the operating system; Node finishes responses in the order of their requests. */
export function finishRequest({ request, response, socket }: ServerMessage, told: RequestObservers): void {
  const connection = connections.get(socket);
  const record = connection?.current;
  if (connection === undefined || record === undefined || record.request !== request) return;
  next(connection);
  const written = socket.bytesWritten;
  const bytes = bodyBytes(record.method, response, written - connection.written);
  connection.written = written;
  tell(told, record, response.statusCode, bytes);
}

function tell(told: RequestObservers, record: HttpRequest, statusCode: number | undefined, responseBodyBytes: number | undefined): void {
  const end: RequestEnd = {
    durationSeconds: Math.max(performance.now() - record.startTime, 0) / 1000,
    statusCode,
    aborted: statusCode === undefined,
    requestBodyBytes: record.bodyBytes,
    responseBodyBytes,
  };
  for (const listener of told.end) safely('request.end', listener, record, end);
}

/** What Node keeps on a response: its rendered head, and the length of its body where it is known beforehand. */
interface Sent {
  readonly _header?: unknown;
  readonly _contentLength?: unknown;
  readonly _sent100?: unknown;
}

/** Bytes of `HTTP/1.1 100 Continue` and the empty line. */
const CONTINUE_BYTES = 25;

/** The announced length, else what the connection sent without the head: with the framing of chunks, a few bytes each, and with interim responses such as early hints. */
function bodyBytes(method: string, response: ServerResponse, sent: number): number | undefined {
  const { _header: head, _contentLength: length, _sent100: continued } = response as unknown as Sent;
  if (method === 'HEAD' || response.statusCode === 204 || response.statusCode === 304) return 0;
  if (typeof length === 'number') return length;
  if (typeof head !== 'string' || !Number.isFinite(sent)) return undefined;
  return Math.max(sent - head.length - (continued === true ? CONTINUE_BYTES : 0), 0);
}

/** The record of a request that is in flight. */
export function requestRecord(request: IncomingMessage): RequestRecord | undefined {
  return findRequest(request);
}

function findRequest(request: IncomingMessage): HttpRequest | undefined {
  const connection = connections.get(request.socket);
  if (connection?.current?.request === request) return connection.current;
  // What arrives belongs to the newest: a search from the front would make many pipelined requests cost their number squared.
  return connection?.pipelined?.findLast((record) => record.request === request);
}
