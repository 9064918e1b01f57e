import { type Metric, promLabel, promName } from '@tallyman/catalog';
import type { Series, SeriesSource } from './series.ts';
import { tableMetrics } from './table.ts';
import { UsageError } from './usage-error.ts';

/** Where to read, and of which service. */
export interface PrometheusOptions {
  /** Base of the HTTP API, for instance `http://localhost:9090`. */
  readonly url: string;
  /** Only series with this label `service`; all services together unless given. */
  readonly service?: string | undefined;
}

/** The metrics by their names in Prometheus, and the attributes by their labels. */
const metrics = new Map(tableMetrics.map((metric) => [promName(metric), metric]));
const attributes = new Map(tableMetrics.flatMap((metric) => Object.keys(metric.attributes).map((key) => [promLabel(key), key])));

/**
 * A source that reads the table's series from Prometheus as they stand now, summed over processes.
 * It rejects with a {@link UsageError} when Prometheus does not answer or refuses.
 */
export function prometheusSource({ url, service }: PrometheusOptions): SeriesSource {
  const query = new URL('api/v1/query', url.endsWith('/') ? url : `${url}/`);
  query.searchParams.set('query', promqlOf(service));
  return async () => (await ask(query)).flatMap(seriesOf);
}

/** One query for all, so that all numbers are of one moment. */
function promqlOf(service: string | undefined): string {
  const names = `__name__=~"${[...metrics.keys()].join('|')}"`;
  const selector = service === undefined ? names : `${names}, service=${JSON.stringify(service)}`;
  return `sum by (__name__, ${[...attributes.keys()].join(', ')}) ({${selector}})`;
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

async function ask(query: URL): Promise<readonly Sample[]> {
  let body: { readonly status?: string; readonly error?: string; readonly data?: { readonly result?: readonly Sample[] } };
  try {
    const response = await fetch(query, { signal: AbortSignal.timeout(10_000) });
    body = (await response.json()) as typeof body;
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error && cause.message ? cause.message : message;
    throw new UsageError(`${query.origin} does not answer like Prometheus (${reason}): give the base of its HTTP API, for instance http://localhost:9090`, 1);
  }
  if (body.status !== 'success') throw new UsageError(`Prometheus at ${query.origin} refused the query: ${body.error}`, 1);
  return body.data?.result ?? [];
}

function seriesOf({ metric: labels, value: [, value] }: Sample): Series[] {
  const metric: Metric | undefined = metrics.get(labels.__name__ ?? '');
  if (metric === undefined) return [];
  const known = Object.entries(labels).flatMap(([label, text]) => {
    const key = attributes.get(label);
    return key === undefined ? [] : [[key, text]];
  });
  return [{ metric: metric.name, attributes: Object.fromEntries(known), value: Number(value) }];
}
