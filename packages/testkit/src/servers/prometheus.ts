import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type WaitOptions, waitFor } from '../wait.ts';
import { requireComponent } from './binaries.ts';
import type { RunningCollector } from './collector.ts';
import { derivePrometheusConfig } from './prometheus-config.ts';
import { freePorts, type RunningServer, startServer } from './server.ts';

const folderOfConfiguration = fileURLToPath(new URL('../../../../prometheus/', import.meta.url));

/** One series of an instant query's result; of a scalar, the labels are empty. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus that runs with a copy of the repository's own configuration. */
export interface RunningPrometheus extends RunningServer {
  /** The base of its API, without a slash at the end. */
  readonly url: string;
  /** The `data` of an API call, for instance `api('series', { 'match[]': 'up' })`; throws what Prometheus answers when it refuses. */
  api(path: string, parameters?: Readonly<Record<string, string>>): Promise<unknown>;
  /** An instant query, now. */
  query(promql: string): Promise<Sample[]>;
  /** Queries until the result is accepted, and gives it; throws with the last result when the time is up. */
  until(promql: string, accept: (samples: Sample[]) => boolean, options?: Pick<WaitOptions<Sample[]>, 'timeout'>): Promise<Sample[]>;
}

/** How this Prometheus differs from the repository's configuration. */
export interface PrometheusOptions {
  /** The collector to scrape. */
  readonly collector?: Pick<RunningCollector, 'metricsAddress' | 'selfAddress'>;
  /** Further `host:port` to scrape as applications, for instance the `/metrics` of the preload. */
  readonly targets?: readonly string[];
  /** Prometheus durations; `1s` unless given. */
  readonly scrapeInterval?: string;
  readonly evaluationInterval?: string;
  /** Further command-line flags. */
  readonly flags?: readonly string[];
}

/** Starts Prometheus on a free loopback port; rejects when there is none, or with its logs when it does not start. */
export async function startPrometheus(options: PrometheusOptions = {}): Promise<RunningPrometheus> {
  const { path } = await requireComponent('prometheus');
  const { collector, targets = [], scrapeInterval = '1s', evaluationInterval = '1s', flags = [] } = options;
  const { server, ports } = await startServer({
    ports: () => freePorts('web'),
    command: async ({ web }, folder) => {
      const file = join(folder, 'prometheus.yml');
      const original = await readFile(join(folderOfConfiguration, 'prometheus.yml'), 'utf8');
      const derived = derivePrometheusConfig(original, {
        applications: collector ? [collector.metricsAddress, ...targets] : targets,
        collector: collector?.selfAddress,
        prometheus: `127.0.0.1:${web}`,
        scrapeInterval,
        evaluationInterval,
        rules: join(folderOfConfiguration, 'rules', '*.yaml'),
      });
      await writeFile(file, derived);
      const args = [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${web}`,
        // A hidden flag: without it, and before 3.0 even with it, nothing is scraped in the first five seconds.
        '--scrape.discovery-reload-interval=100ms',
      ];
      return { command: path, args: [...args, ...flags] };
    },
    answers: async ({ web }) => (await fetch(`http://127.0.0.1:${web}/-/ready`)).ok,
  });
  const url = `http://127.0.0.1:${ports.web}`;
  const query = async (promql: string) => samplesOf(await api(url, 'query', { query: promql }));
  return Object.assign(server, {
    url,
    query,
    api: (name: string, parameters?: Readonly<Record<string, string>>) => api(url, name, parameters),
    until: (promql: string, accept: (samples: Sample[]) => boolean, wait: Pick<WaitOptions<Sample[]>, 'timeout'> = {}) =>
      waitFor(() => query(promql), accept, { interval: 100, describe: (last) => `${promql} = ${JSON.stringify(last)}`, ...wait }),
  });
}

async function api(url: string, path: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const body = (await response.json()) as { status: string; error?: string; data: unknown };
  if (body.status !== 'success') throw new Error(`Prometheus refused ${path} ${JSON.stringify(parameters)}: ${body.error}`);
  return body.data;
}

type Point = [time: number, value: string];

function samplesOf(data: unknown): Sample[] {
  const { resultType, result } = data as { resultType: string; result: unknown };
  if (resultType === 'scalar') return [{ labels: {}, value: numberOf((result as Point)[1]) }];
  if (resultType !== 'vector') throw new Error(`an instant query gave a ${resultType}`);
  const series = result as { metric: Record<string, string>; value: Point }[];
  return series.map(({ metric, value }) => ({ labels: metric, value: numberOf(value[1]) }));
}

function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}
