import { readFileSync } from 'node:fs';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { grpcFrame, grpcHeaders, grpcUrl } from './grpc.ts';
import type { OtlpTarget } from './target.ts';

type Callback = Parameters<PushMetricExporter['export']>[1];

/**
 * Exports by OTLP over gRPC, on Node's own HTTP/2: the client of @grpc/grpc-js keeps a process alive while a call is on its way, for ten seconds beside a
 * collector that does not answer. A failed call is not repeated; what it held comes with the next.
 */
export class GrpcMetricExporter implements PushMetricExporter {
  readonly #target: OtlpTarget;
  readonly #sending: Set<object>;
  #session: ClientHttp2Session | undefined;

  /** `sending` holds what was handed to the operating system and is not answered. */
  constructor(target: OtlpTarget, sending: Set<object>) {
    this.#target = target;
    this.#sending = sending;
  }

  export(metrics: ResourceMetrics, callback: Callback): void {
    const message = ProtobufMetricsSerializer.serializeRequest(metrics);
    if (message === undefined) throw new TypeError('not serialised');
    const url = new URL(grpcUrl(this.#target.url));
    const stream = this.#connection(url).request({ ':method': 'POST', ':path': url.pathname, ...grpcHeaders(this.#target) });
    // A call that still waits for its connection cannot be closed alone, and a connection that has died without a word is of no use to the next one.
    stream.setTimeout(this.#target.timeoutMs, () => this.#session?.destroy());
    stream.once('finish', () => this.#sending.add(stream)).once('close', () => this.#sending.delete(stream));
    report(stream, callback);
    stream.end(grpcFrame(message, this.#target));
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.#session?.close();
  }

  #connection({ origin }: URL): ClientHttp2Session {
    if (this.#session !== undefined && !this.#session.destroyed && !this.#session.closed) return this.#session;
    const { tls } = this.#target;
    // Loaded here: whoever exports by HTTP pays nothing for it.
    const { connect } = process.getBuiltinModule('node:http2');
    this.#session = connect(origin, Object.fromEntries(Object.entries(tls).map(([key, path]) => [key, readFileSync(path)])));
    // Each call reports its failure itself.
    this.#session.on('error', () => undefined).unref();
    return this.#session;
  }
}

/** Tells once what became of a call: its status is in the trailers, or in the headers when there is nothing else. */
function report(stream: ClientHttp2Stream, callback: Callback): void {
  let status: string | undefined;
  let failure: unknown;
  const look = (headers: IncomingHttpHeaders): void => {
    const { ':status': http, 'grpc-status': code } = headers as Readonly<Record<string, string | number | undefined>>;
    if (code !== undefined) status = `grpc_${code}`;
    else if (http !== undefined && http !== 200) status = `http_${http}`;
  };
  stream.on('response', look).on('trailers', look).resume();
  stream.on('error', (error) => {
    failure = error;
  });
  stream.once('close', () => {
    if (status === 'grpc_0') callback({ code: 0 });
    else
      callback({
        code: 1,
        error: status === undefined && failure !== undefined ? (failure as Error) : Object.assign(new Error(), { code: status ?? 'ETIMEDOUT' }),
      });
  });
}
