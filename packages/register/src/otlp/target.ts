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

type Setting = 'ENDPOINT' | 'PROTOCOL' | 'HEADERS' | 'COMPRESSION' | 'TIMEOUT' | 'CERTIFICATE' | 'CLIENT_CERTIFICATE' | 'CLIENT_KEY';

/** The variables of a setting: the one for metrics before the general one. */
function names(setting: Setting): readonly [Variable, Variable] {
  return [`OTEL_EXPORTER_OTLP_METRICS_${setting}`, `OTEL_EXPORTER_OTLP_${setting}`];
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
    timeoutMs: milliseconds(names('TIMEOUT'), 10_000),
    tls: { ...file('ca', 'CERTIFICATE'), ...file('cert', 'CLIENT_CERTIFICATE'), ...file('key', 'CLIENT_KEY') },
  };
}

/** `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT` is taken as it stands; `v1/metrics` is added to the path of the general one. gRPC has no path, and takes more than URLs. */
function endpoint(protocol: OtlpTarget['protocol']): string {
  const [own, general] = names('ENDPOINT');
  const isGrpc = protocol === 'grpc';
  return read({
    names: [own, general],
    parse: (value, name) => (isGrpc ? value : httpUrl(value, name === general ? 'v1/metrics' : '')),
    allowed: 'a URL that starts with http:// or https://',
    fallback: isGrpc ? 'http://localhost:4317' : 'http://localhost:4318/v1/metrics',
    show: loggable,
  });
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

function file<const K extends 'ca' | 'cert' | 'key'>(key: K, setting: Setting): { readonly [P in K]?: string } {
  const path = read({
    names: names(setting),
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
