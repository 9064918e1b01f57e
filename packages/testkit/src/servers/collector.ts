import { fileURLToPath } from 'node:url';
import { requireComponent } from './binaries.ts';
import { freePorts, type RunningServer, startServer } from './server.ts';

const configuration = fileURLToPath(new URL('../../../../otel-collector/config.yaml', import.meta.url));

/** A collector that runs with the repository's own configuration. */
export interface RunningCollector extends RunningServer {
  /** The OTLP/HTTP base, for `OTEL_EXPORTER_OTLP_ENDPOINT`, without a slash at the end. */
  readonly otlpUrl: string;
  /** `host:port` for OTLP over gRPC. */
  readonly grpcAddress: string;
  /** `host:port` of what applications measured, for Prometheus to scrape. */
  readonly metricsAddress: string;
  /** `host:port` of the collector's metrics about itself. */
  readonly selfAddress: string;
  /** The variables that point an application's OTLP exporter here. */
  readonly env: Readonly<Record<string, string>>;
  /** What applications measured, in Prometheus's text format, as a scrape would see it now. */
  metrics(): Promise<string>;
}

/** How the collector differs from the repository's configuration. */
export interface CollectorOptions {
  /** Overlays, absolute paths, later ones win. */
  readonly overlays?: readonly string[];
  /** Further variables that the configuration reads. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the collector on free loopback ports; rejects when there is none, or with its logs when it does not start. */
export async function startCollector(options: CollectorOptions = {}): Promise<RunningCollector> {
  const { path } = await requireComponent('otelcol');
  const { server, ports } = await startServer({
    ports: () => freePorts('grpc', 'http', 'metrics', 'self', 'health'),
    command: async (ports, folder) => ({
      command: path,
      args: [configuration, ...(options.overlays ?? [])].map((file) => `--config=${file}`),
      env: {
        TALLYMAN_COLLECTOR_HOST: '127.0.0.1',
        TALLYMAN_COLLECTOR_GRPC_PORT: `${ports.grpc}`,
        TALLYMAN_COLLECTOR_HTTP_PORT: `${ports.http}`,
        TALLYMAN_COLLECTOR_METRICS_PORT: `${ports.metrics}`,
        TALLYMAN_COLLECTOR_SELF_PORT: `${ports.self}`,
        TALLYMAN_COLLECTOR_HEALTH_PORT: `${ports.health}`,
        TALLYMAN_COLLECTOR_QUEUE: folder,
        ...options.env,
      },
    }),
    answers: async ({ health }) => (await fetch(`http://127.0.0.1:${health}/`)).ok,
  });
  const otlpUrl = `http://127.0.0.1:${ports.http}`;
  return Object.assign(server, {
    otlpUrl,
    grpcAddress: `127.0.0.1:${ports.grpc}`,
    metricsAddress: `127.0.0.1:${ports.metrics}`,
    selfAddress: `127.0.0.1:${ports.self}`,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl },
    metrics: async () => (await fetch(`http://127.0.0.1:${ports.metrics}/metrics`)).text(),
  });
}
