import { log, type TemporalityPreference } from '@tallyman/core';

const { env } = process;

/** A trimmed environment variable; undefined when unset or empty, as OpenTelemetry's specification reads it. */
export function text(name: string): string | undefined {
  const value = env[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

/** A comma-separated list. */
export function list(name: string): string[] | undefined {
  return text(name)
    ?.split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

/** A positive number of milliseconds; anything else gets one line and the default. */
export function milliseconds(name: string, fallback: number): number {
  const value = text(name);
  if (value === undefined) return fallback;
  const number = Number(value);
  if (Number.isFinite(number) && number > 0) return number;
  log('warn', `${name}=${value} is no positive number of milliseconds; using ${fallback}`);
  return fallback;
}

/** The ways out that `OTEL_METRICS_EXPORTER` asks for; otlp unless set, nothing when it holds `none`. */
export function metricsExporters(): ('otlp' | 'prometheus' | 'console')[] {
  const asked = [...new Set(list('OTEL_METRICS_EXPORTER') ?? ['otlp'])];
  if (asked.includes('none')) return [];
  return asked.filter((name): name is 'otlp' | 'prometheus' | 'console' => {
    const known = name === 'otlp' || name === 'prometheus' || name === 'console';
    if (!known) log('warn', `OTEL_METRICS_EXPORTER names "${name}"; allowed are otlp, prometheus, console, none`);
    return known;
  });
}

/** Whether traces were asked for by `OTEL_TRACES_EXPORTER`. */
export function wantsTraces(): boolean {
  const exporters = list('OTEL_TRACES_EXPORTER');
  return exporters !== undefined && !exporters.includes('none');
}

/** Whether an adapter is on, by `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and `OTEL_NODE_DISABLED_INSTRUMENTATIONS`. */
export function isEnabled(adapter: string): boolean {
  const enabled = list('OTEL_NODE_ENABLED_INSTRUMENTATIONS');
  return (enabled === undefined || enabled.includes(adapter)) && !list('OTEL_NODE_DISABLED_INSTRUMENTATIONS')?.includes(adapter);
}

/** Where OTLP over HTTP goes. */
export interface OtlpTarget {
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json' | 'grpc';
  readonly headers: Readonly<Record<string, string>>;
  readonly isCompressed: boolean;
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** Reads `OTEL_EXPORTER_OTLP_*`, a variable for metrics before the general one (OpenTelemetry's OTLP exporter specification). */
export function otlpTarget(): OtlpTarget {
  const either = (name: string): string | undefined => text(`OTEL_EXPORTER_OTLP_METRICS_${name}`) ?? text(`OTEL_EXPORTER_OTLP_${name}`);
  const general = text('OTEL_EXPORTER_OTLP_ENDPOINT') ?? 'http://localhost:4318';
  const asked = either('PROTOCOL') ?? 'http/protobuf';
  const protocol = asked === 'http/json' || asked === 'grpc' ? asked : 'http/protobuf';
  if (asked !== protocol) log('warn', `OTEL_EXPORTER_OTLP_PROTOCOL=${asked} is not known; allowed are http/protobuf, http/json, grpc; using http/protobuf`);
  return {
    url: text('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT') ?? `${general.replace(/\/$/, '')}/v1/metrics`,
    protocol,
    headers: { ...pairs(text('OTEL_EXPORTER_OTLP_HEADERS')), ...pairs(text('OTEL_EXPORTER_OTLP_METRICS_HEADERS')) },
    isCompressed: either('COMPRESSION') === 'gzip',
    tls: {
      ...file('ca', either('CERTIFICATE')),
      ...file('cert', either('CLIENT_CERTIFICATE')),
      ...file('key', either('CLIENT_KEY')),
    },
  };
}

/** The temporality that OTLP is exported in, by `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`; cumulative unless set. */
export function temporalityPreference(): TemporalityPreference {
  const asked = text('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE')?.toLowerCase() ?? 'cumulative';
  if (asked === 'cumulative' || asked === 'delta' || asked === 'lowmemory') return asked;
  log('warn', `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=${asked} is not known; allowed are cumulative, delta, lowmemory; using cumulative`);
  return 'cumulative';
}

/** An address as it may be logged: without user, password and query. */
export function loggable(url: string): string {
  if (!URL.canParse(url)) return 'an address that is no URL';
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** A port number; anything else gets one line and the default. */
export function port(name: string, fallback: number): number {
  const value = text(name);
  if (value === undefined) return fallback;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0 && number < 65_536) return number;
  log('warn', `${name} is no port (0 to 65535); using ${fallback}`);
  return fallback;
}

/** Reads `key=value` pairs with percent-encoded values, as in `OTEL_RESOURCE_ATTRIBUTES` and headers. */
export function pairs(value: string | undefined): Record<string, string> {
  const result: Record<string, string> = {};
  for (const pair of value?.split(',') ?? []) {
    const at = pair.indexOf('=');
    if (at <= 0) continue;
    try {
      result[decodeURIComponent(pair.slice(0, at).trim())] = decodeURIComponent(pair.slice(at + 1).trim());
    } catch {
      log('warn', 'a key=value pair in OTEL_RESOURCE_ATTRIBUTES or OTEL_EXPORTER_OTLP_HEADERS is not percent-encoded; it is left out');
    }
  }
  return result;
}

function file<const K extends string>(key: K, path: string | undefined): { [P in K]?: string } {
  return path === undefined ? {} : ({ [key]: path } as { [P in K]?: string });
}
