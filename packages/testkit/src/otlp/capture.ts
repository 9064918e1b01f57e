import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, createSecureServer as createSecureHttp2Server } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { type WaitOptions, waitFor } from '../wait.ts';
import { answerCall, messageOf } from './grpc.ts';
import { decodeMetricsRequest } from './protobuf.ts';
import type { ExportMetricsRequest } from './request.ts';
import { type OtlpAttributes, type OtlpSeries, SeriesStore } from './series.ts';

/** A request as it came, its body unzipped. */
export interface OtlpRequest {
  /** For instance `/v1/metrics`. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly contentType: string;
  readonly body: Buffer;
  /** The decoded request; undefined for a path other than metrics, or a body that cannot be decoded. */
  readonly metrics: ExportMetricsRequest | undefined;
}

/** How requests are answered from now on. */
export interface OtlpAnswer {
  /** 200 unless given; over gRPC a status of gRPC, 0 unless given. The points of a request that is refused (400 and above) are recorded, but make no series. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds before the answer. */
  readonly delay?: number;
  /** Accepts, and never answers. */
  readonly blackHole?: boolean;
}

/** How a capture is reached; plain OTLP/HTTP unless given. */
export interface OtlpCaptureOptions {
  /** Serves OTLP/gRPC instead of OTLP/HTTP. */
  readonly isGrpc?: boolean;
  /** Serves with TLS. */
  readonly tls?: TlsOptions;
}

/** An OTLP receiver on loopback that keeps what it gets. */
export interface OtlpCapture {
  /** The base, for `OTEL_EXPORTER_OTLP_ENDPOINT`, without a slash at the end. */
  readonly url: string;
  /** The variable that points an application here. Both forms are understood, JSON and protobuf, gzipped or not. */
  readonly env: Readonly<Record<string, string>>;
  /** All requests, in the order in which their bodies were complete. */
  readonly requests: readonly OtlpRequest[];
  /** The series of a name whose attributes include the given ones; of every name when none is given. */
  series(name?: string, attributes?: OtlpAttributes): OtlpSeries[];
  /** The sum of their values (of a histogram: its count); undefined when there is no such series. */
  value(name: string, attributes?: OtlpAttributes): number | undefined;
  /** The resources that have reported, one per service instance. */
  resources(): OtlpAttributes[];
  /** Resolves when the predicate is true; rejects, with the names of what was received, when the time is up. */
  until(predicate: (capture: OtlpCapture) => boolean, options?: Pick<WaitOptions<boolean>, 'timeout'>): Promise<void>;
  /** Changes how requests are answered; `{}` is the beginning's behaviour. */
  answer(answer: OtlpAnswer): void;
  /** Ends the server and all its connections. */
  close(): Promise<void>;
}

/** Starts a capture on a free loopback port. */
export async function captureOtlp(options: OtlpCaptureOptions = {}): Promise<OtlpCapture> {
  const capture = new Capture(options);
  await capture.listen();
  return capture;
}

class Capture implements OtlpCapture {
  readonly requests: OtlpRequest[] = [];
  readonly #store = new SeriesStore();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #options: OtlpCaptureOptions;
  #answer: OtlpAnswer = {};

  constructor(options: OtlpCaptureOptions) {
    this.#options = options;
    // The HTTP/2 server's requests and responses have, of what is used here, the same interface.
    const receive = (request: unknown, response: unknown) => {
      this.#receive(request as IncomingMessage, response as ServerResponse).catch((error: Error) => (response as ServerResponse).destroy(error));
    };
    const { isGrpc = false, tls } = options;
    if (tls === undefined) this.#server = isGrpc ? createHttp2Server(receive) : createServer(receive);
    else this.#server = isGrpc ? createSecureHttp2Server(tls, receive) : createSecureServer(tls, receive);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket.once('close', () => this.#sockets.delete(socket)));
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  get url(): string {
    return `${this.#options.tls ? 'https' : 'http'}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get env(): Record<string, string> {
    return { OTEL_EXPORTER_OTLP_ENDPOINT: this.url, ...(this.#options.isGrpc && { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }) };
  }

  series(name?: string, attributes: OtlpAttributes = {}): OtlpSeries[] {
    const named = name === undefined ? this.#store.all() : this.#store.of(name);
    const wanted = Object.entries(attributes);
    return named.filter((series) => wanted.every(([key, value]) => same(series.attributes[key], value)));
  }

  value(name: string, attributes?: OtlpAttributes): number | undefined {
    const series = this.series(name, attributes);
    return series.length === 0 ? undefined : series.reduce((sum, { value }) => sum + value, 0);
  }

  resources(): OtlpAttributes[] {
    return [...new Map(this.#store.all().map(({ resource }) => [JSON.stringify(resource), resource])).values()];
  }

  async until(predicate: (capture: OtlpCapture) => boolean, options: Pick<WaitOptions<boolean>, 'timeout'> = {}): Promise<void> {
    const describe = () => `${this.requests.length} requests, series of ${[...new Set(this.#store.all().map(({ name }) => name))].join(', ') || 'nothing'}`;
    await waitFor(() => predicate(this), Boolean, { interval: 10, describe, ...options });
  }

  answer(answer: OtlpAnswer): void {
    this.#answer = answer;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const { isGrpc = false } = this.#options;
    const body = isGrpc ? messageOf(raw) : request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const path = request.url ?? '';
    const contentType = request.headers['content-type'] ?? '';
    const metrics = path === '/v1/metrics' || path.endsWith('.MetricsService/Export') ? decoded(contentType, body) : undefined;
    const { status = isGrpc ? 0 : 200, headers = {}, delay = 0, blackHole = false } = this.#answer;
    const isRefused = isGrpc ? status !== 0 : status >= 400;
    if (metrics && !isRefused && !blackHole) this.#store.apply(metrics);
    this.requests.push({ path, headers: request.headers, contentType, body, metrics });
    if (blackHole) return;
    const json = contentType.startsWith('application/json');
    const respond = () => {
      if (isGrpc) answerCall(response, status);
      else response.writeHead(status, { 'content-type': contentType, ...headers }).end(json ? '{}' : '');
    };
    if (delay > 0) setTimeout(respond, delay).unref();
    else respond();
  }
}

function decoded(contentType: string, body: Buffer): ExportMetricsRequest | undefined {
  try {
    return contentType.startsWith('application/json') ? JSON.parse(body.toString()) : decodeMetricsRequest(body);
  } catch {
    return undefined;
  }
}

function same(actual: unknown, expected: unknown): boolean {
  return actual === expected || (typeof actual === 'object' && JSON.stringify(actual) === JSON.stringify(expected));
}
