import { accessSync, constants, statSync } from 'node:fs';
import { choice, milliseconds, pairs, read } from '../settings/environment.ts';
import type { Variable } from '../settings/variables.ts';

const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;

/** Where OTLP goes. */
export interface OtlpTarget {
  readonly url: string;
  readonly protocol: (typeof PROTOCOLS)[number];
  readonly headers: Readonly<Record<string, string>>;
  readonly isCompressed: boolean;
  /** The longest that an export may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Paths of readable PEM files. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

type TlsSetting = 'CERTIFICATE' | 'CLIENT_CERTIFICATE' | 'CLIENT_KEY';
type Setting = 'ENDPOINT' | 'PROTOCOL' | 'HEADERS' | 'COMPRESSION' | 'TIMEOUT' | 'INSECURE' | TlsSetting;

/** The variables of a setting: the one for metrics before the general one. */
function names(setting: Setting): readonly [Variable, Variable] {
  return [`OTEL_EXPORTER_OTLP_METRICS_${setting}`, `OTEL_EXPORTER_OTLP_${setting}`];
}

type TracesSetting = 'PROTOCOL' | TlsSetting;

/** As `names`, for traces. */
function tracesNames(setting: TracesSetting): readonly [Variable, Variable] {
  return [`OTEL_EXPORTER_OTLP_TRACES_${setting}`, `OTEL_EXPORTER_OTLP_${setting}`];
}

/** What of OTLP is read for traces here; the rest is read by OpenTelemetry's own exporters. */
export function tracesTarget(): Pick<OtlpTarget, 'protocol' | 'tls'> {
  return { protocol: choice(tracesNames('PROTOCOL'), PROTOCOLS, 'http/protobuf'), tls: tlsFiles(tracesNames) };
}

/** Reads `OTEL_EXPORTER_OTLP_*`, a variable for metrics before the general one (OpenTelemetry's OTLP exporter specification). */
export function otlpTarget(): OtlpTarget {
  const protocol = choice(names('PROTOCOL'), PROTOCOLS, 'http/protobuf');
  const [own, general] = names('HEADERS');
  return {
    url: endpoint(protocol),
    protocol,
    headers: { ...pairs(general, isHeader), ...pairs(own, isHeader) },
    isCompressed: choice(names('COMPRESSION'), ['none', 'gzip'], 'none') === 'gzip',
    timeoutMs: Math.min(milliseconds(names('TIMEOUT'), 10_000), milliseconds('OTEL_METRIC_EXPORT_TIMEOUT', 30_000)),
    tls: tlsFiles(names),
  };
}

/** `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT` is taken as it stands; `v1/metrics` is added to the path of the general one. gRPC has no path, and takes more than URLs. */
function endpoint(protocol: OtlpTarget['protocol']): string {
  const [own, general] = names('ENDPOINT');
  if (protocol === 'grpc') {
    return read({
      names: [own, general],
      parse: grpcOrigin,
      allowed: 'host:port, or a URL that starts with http:// or https://',
      fallback: 'http://localhost:4317',
      show: loggable,
    });
  }
  return read({
    names: [own, general],
    parse: (value, name) => httpUrl(value, name === general ? 'v1/metrics' : ''),
    allowed: 'a URL that starts with http:// or https://',
    fallback: 'http://localhost:4318/v1/metrics',
    show: loggable,
  });
}

/** An address without a scheme is encrypted unless `OTEL_EXPORTER_OTLP_INSECURE` says otherwise. */
function grpcOrigin(address: string): string | undefined {
  const host = address.replace(/^dns:\/*/i, '');
  const scheme = /^https?:\/\//i.test(address) ? '' : choice(names('INSECURE'), ['true', 'false'], 'false') === 'true' ? 'http://' : 'https://';
  const url = `${scheme}${host}`;
  return (scheme !== '' && host.includes('://')) || !URL.canParse(url) ? undefined : new URL(url).origin;
}

function httpUrl(value: string, path: string): string | undefined {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  if (path !== '') url.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`;
  return url.href;
}

/** Whether HTTP can carry it (RFC 9110, 5.1 and 5.5). */
function isHeader(name: string, value: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[^\t\x20-\x7e\x80-\xff]/.test(value);
}

function tlsFiles(namesOf: (setting: TlsSetting) => readonly Variable[]): OtlpTarget['tls'] {
  return { ...file('ca', namesOf('CERTIFICATE')), ...file('cert', namesOf('CLIENT_CERTIFICATE')), ...file('key', namesOf('CLIENT_KEY')) };
}

function file<const K extends 'ca' | 'cert' | 'key'>(key: K, names: readonly Variable[]): { readonly [P in K]?: string } {
  const path = read({
    names,
    parse: (value) => (isReadable(value) ? value : undefined),
    allowed: 'the path of a readable file',
    fallback: undefined,
  });
  return path === undefined ? {} : ({ [key]: path } as { [P in K]: string });
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** An address as it may be logged: without user, password, query and fragment. */
export function loggable(url: string): string {
  if (!/^https?:/i.test(url) || !URL.canParse(url)) return /[@?#]/.test(url) ? 'an address that is no URL' : url;
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
