import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PATH = '/metrics';
const OWNER = /^tallyman\/\S+ \(process (\d+)\)$/;
const PROBE_MS = 1000;

/** What a metrics server needs. */
export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly version: string;
  /** Milliseconds between two tries to take a port that another process has. */
  readonly retryMs: number;
  readonly page: () => Promise<string>;
  /** Told of the server, whose requests are none of the application's. */
  readonly serving: (server: object) => void;
  /** Says a line. */
  readonly say: (level: 'warn' | 'info', line: string) => void;
}

/** Serves `/metrics` at a port that one thread of one process can own; the others say who has it, and take it over when it becomes free. */
export class MetricsServer {
  readonly #options: MetricsServerOptions;
  #server: Server | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** What was said last of a port that could not be had. */
  #said: string | undefined;

  constructor(options: MetricsServerOptions) {
    this.#options = options;
    cluster().on('fork', () => this.#leaveToWorkers());
    this.#take();
  }

  /** Closes the port, for good, when the scrape that is going on has been answered. */
  stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#server?.close();
    return Promise.resolve();
  }

  #take(): void {
    if (this.#isStopped || this.#leaveToWorkers()) return;
    const { host, port } = this.#options;
    const server = createServer((incoming, response) => {
      // What fails here must not come to the application as uncaught.
      void this.#answer(incoming, response).catch(() => response.destroy());
    }).unref();
    this.#options.serving(server);
    // A scraper's open connection must not keep the application alive.
    server.on('connection', (socket) => socket.unref());
    this.#server = server;
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (this.#server !== server) return;
      this.#server = undefined;
      this.#again();
      void this.#complain(error);
    });
    server.once('listening', () => {
      const isFree = port === 0;
      if (isFree || this.#said !== undefined)
        this.#options.say('info', `/metrics of this process is served at ${address(host, (server.address() as AddressInfo).port)}`);
      this.#said = undefined;
      server.on('error', () => undefined);
    });
    // In a worker of a cluster a port that is not exclusive is the primary's, and each scrape would reach another worker.
    server.listen({ host, port, exclusive: true });
  }

  /** The primary of a cluster leaves the port to the workers, which do the work; returns whether it does. */
  #leaveToWorkers(): boolean {
    const { isPrimary, workers } = cluster();
    if (!isPrimary || this.#isStopped || Object.keys(workers ?? {}).length === 0) return false;
    this.#release();
    this.#again();
    this.#say(`this is the primary of a cluster and leaves ${this.#where} to one of its workers; its own values are not served. ${ADVICE}`);
    return true;
  }

  #release(): void {
    const server = this.#server;
    this.#server = undefined;
    server?.close();
    server?.closeAllConnections();
  }

  #again(): void {
    clearTimeout(this.#timer);
    if (this.#options.port !== 0) this.#timer = setTimeout(() => this.#take(), this.#options.retryMs).unref();
  }

  async #complain({ code }: NodeJS.ErrnoException): Promise<void> {
    if (code !== 'EADDRINUSE') {
      this.#say(`${this.#where} cannot be served (${code}): set OTEL_EXPORTER_PROMETHEUS_HOST and OTEL_EXPORTER_PROMETHEUS_PORT to an address of this machine`);
      return;
    }
    const owner = await this.#owner().catch(() => undefined);
    if (owner === undefined) {
      this.#say(`${this.#where} is taken by another program: set OTEL_EXPORTER_PROMETHEUS_PORT to a free port. Values are kept, and the port is tried again`);
      return;
    }
    const who = owner === process.pid ? 'another thread of this process' : `process ${owner}`;
    this.#say(
      `${this.#where} is served by ${who}, with its own values alone; those of this ${owner === process.pid ? 'thread' : 'process'} are not there. ${ADVICE}`,
    );
  }

  #say(line: string): void {
    if (this.#said === line) return;
    this.#said = line;
    this.#options.say('warn', line);
  }

  get #where(): string {
    return address(this.#options.host, this.#options.port);
  }

  /** The process of ours that serves the page; undefined when it is somebody else's. */
  #owner(): Promise<number | undefined> {
    const { host, port } = this.#options;
    const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
    return new Promise((resolve) => {
      const asked = request({ host: reachable, port, path: PATH, method: 'HEAD', agent: false, timeout: PROBE_MS }, ({ headers }) => {
        const process = OWNER.exec(String(headers.server))?.[1];
        resolve(process === undefined ? undefined : Number(process));
        asked.destroy();
      });
      asked.on('socket', (socket) => socket.unref());
      asked.on('timeout', () => asked.destroy());
      asked.on('error', () => resolve(undefined));
      asked.on('close', () => resolve(undefined));
      asked.end();
    });
  }

  async #answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('server', `tallyman/${this.#options.version} (process ${process.pid})`);
    const status = url?.split('?', 1)[0] !== PATH ? 404 : method !== 'GET' && method !== 'HEAD' ? 405 : 200;
    if (status === 405) response.setHeader('allow', 'GET, HEAD');
    if (status === 200) response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    if (status !== 200 || method === 'HEAD') return end(response, status);
    const text = await this.#options.page().catch(() => undefined);
    end(response, text === undefined ? 500 : 200, text);
  }
}

const ADVICE =
  'For the values of all, send them by OTLP (OTEL_METRICS_EXPORTER=otlp), or give each a port of its own (OTEL_EXPORTER_PROMETHEUS_PORT). The port is tried again';

function end(response: ServerResponse, status: number, text = ''): void {
  response.statusCode = status;
  response.end(text);
}

function address(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${PATH}`;
}

/** Asked for late: the application may change its cluster at any time, and few processes serve a page. */
function cluster(): typeof import('node:cluster').default {
  return process.getBuiltinModule('node:cluster') as unknown as typeof import('node:cluster').default;
}
