import { LEVELS, logOnce, type TemporalityPreference } from '@tallyman/core';
import { INSTRUMENTATIONS } from '../instrumentations.ts';
import { list, TRACES_EXPORTERS, text, type Variable } from './variables.ts';

/** The longest delay that a timer of Node takes; a longer one fires at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** What a variable may hold, how it is read, and what it is without a usable value. */
export interface Reading<T> {
  /** In the order in which they are asked: what is particular before what is general. */
  readonly names: readonly Variable[];
  /** Undefined for a value that cannot be used. */
  readonly parse: (value: string, name: Variable) => T | undefined;
  /** What is allowed, as it stands behind 'must be'. */
  readonly allowed: string;
  readonly fallback: T;
  /** What of a value may be shown. */
  readonly show?: (value: string) => string;
}

/** The first usable value; each one that cannot be used is named in one line, with what is allowed and what is used instead. */
export function read<T>({ names, parse, allowed, fallback, show = (value) => value }: Reading<T>): T {
  const refused: (readonly [Variable, string])[] = [];
  let found: { readonly value: T } | undefined;
  for (const name of names) {
    const given = text(name);
    if (given === undefined) continue;
    const value = parse(given, name);
    if (value !== undefined) {
      found = { value };
      break;
    }
    refused.push([name, given]);
  }
  const used = found === undefined ? fallback : found.value;
  for (const [name, given] of refused) {
    logOnce(`environment ${name}`, 'warn', `${name}=${shown(show(given))} must be ${allowed}; using ${used === undefined ? 'none' : show(String(used))}`);
  }
  return used;
}

/** A value as it may stand in a line: short, and without control characters. */
function shown(value: string): string {
  const line = value.toWellFormed().replace(/\p{C}+/gu, ' ');
  return line.length > 60 ? `${line.slice(0, 60).toWellFormed()}...` : line;
}

/** One of a closed set of words, in any case (OpenTelemetry's specification of enum values). */
export function choice<const T extends string>(names: readonly Variable[], words: readonly T[], fallback: T): T {
  return read({ names, parse: (value) => words.find((word) => word === value.toLowerCase()), allowed: oneOf(words), fallback });
}

/** A number of milliseconds that a timer can wait, positive unless `least` is 0. */
export function milliseconds(name: Variable | readonly Variable[], fallback: number, least: 0 | 1 = 1): number {
  const allowed = `a whole number of milliseconds from ${least} to ${LONGEST_DELAY_MS}`;
  return read({ names: typeof name === 'string' ? [name] : name, parse: wholeNumber(least, LONGEST_DELAY_MS), allowed, fallback });
}

/** A number of things, of which there is at least one. */
export function count(name: Variable, fallback: number): number {
  return read({ names: [name], parse: wholeNumber(1, Number.MAX_SAFE_INTEGER), allowed: 'a whole number from 1', fallback });
}

/** A port number. */
export function port(name: Variable, fallback: number): number {
  return read({ names: [name], parse: wholeNumber(0, 65_535), allowed: 'a port from 0 to 65535', fallback });
}

function wholeNumber(from: number, to: number): (value: string) => number | undefined {
  return (value) => {
    const number = Number(value);
    return Number.isInteger(number) && number >= from && number <= to ? number : undefined;
  };
}

function oneOf(words: readonly string[]): string {
  return words.length === 1 ? `${words[0]}` : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

const METRICS_EXPORTERS = ['otlp', 'prometheus', 'console'] as const;

/** A way out of metrics. */
export type MetricsExporterName = (typeof METRICS_EXPORTERS)[number];

/** The ways out that `OTEL_METRICS_EXPORTER` asks for; otlp unless set to something known, none when it holds `none`. */
export function metricsExporters(): MetricsExporterName[] {
  const asked = [...new Set((list('OTEL_METRICS_EXPORTER') ?? ['otlp']).map((name) => name.toLowerCase()))];
  if (asked.includes('none')) return [];
  const usable = METRICS_EXPORTERS.filter((name) => asked.includes(name));
  const used = usable.length === 0 ? (['otlp'] as const) : usable;
  const unknown = asked.filter((name) => !(METRICS_EXPORTERS as readonly string[]).includes(name));
  refuseNames('OTEL_METRICS_EXPORTER', unknown, [...METRICS_EXPORTERS, 'none'], `using ${used.join(', ')}`);
  return [...used];
}

function refuseNames(name: Variable, unknown: readonly string[], allowed: readonly string[], used: string): void {
  if (unknown.length === 0) return;
  logOnce(`environment ${name}`, 'warn', `${name} names ${shown(unknown.join(', '))}; allowed are ${allowed.join(', ')}; ${used}`);
}

/** Whether `TALLYMAN_TRACK` asks for a line for each tracked event. */
export function isTracking(): boolean {
  return choice(['TALLYMAN_TRACK'], ['0', '1'], '0') === '1';
}

/** Whether an adapter is on, by `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and `OTEL_NODE_DISABLED_INSTRUMENTATIONS`. */
export function isEnabled(adapter: string): boolean {
  const enabled = list('OTEL_NODE_ENABLED_INSTRUMENTATIONS');
  return (enabled === undefined || enabled.includes(adapter)) && !list('OTEL_NODE_DISABLED_INSTRUMENTATIONS')?.includes(adapter);
}

/**
 * Names what cannot be used in variables that are otherwise read without a word; `adapters` are the names that
 * `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and `OTEL_NODE_DISABLED_INSTRUMENTATIONS` may hold beside those of OpenTelemetry's own.
 */
export function checkEnvironment(adapters: readonly string[]): void {
  choice(['OTEL_LOG_LEVEL'], LEVELS, 'info');
  choice(['OTEL_SDK_DISABLED'], ['true', 'false'], 'false');
  for (const name of ['OTEL_NODE_ENABLED_INSTRUMENTATIONS', 'OTEL_NODE_DISABLED_INSTRUMENTATIONS'] as const) {
    const unknown = (list(name) ?? []).filter((item) => !adapters.includes(item) && !INSTRUMENTATIONS.includes(item));
    refuseNames(name, unknown, adapters, 'ignored');
  }
  const traces = [...TRACES_EXPORTERS, 'none'];
  refuseNames(
    'OTEL_TRACES_EXPORTER',
    (list('OTEL_TRACES_EXPORTER') ?? []).filter((item) => !traces.includes(item)),
    traces,
    'ignored',
  );
  choice(['OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION'], ['explicit_bucket_histogram'], 'explicit_bucket_histogram');
}

/** The temporality that OTLP is exported in, by `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`; cumulative unless set. */
export function temporalityPreference(): TemporalityPreference {
  return choice(['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE'], ['cumulative', 'delta', 'lowmemory'], 'cumulative');
}

/** What `OTEL_RESOURCE_ATTRIBUTES` and header variables hold: `key=value` pairs, percent-encoded. One that is not is named by its place, never by its value, and left out. */
export function pairs(name: Variable, isUsable: (key: string, value: string) => boolean = () => true): Record<string, string> {
  const result: Record<string, string> = {};
  const refused: number[] = [];
  for (const [index, pair] of (list(name) ?? []).entries()) {
    const decoded = decode(pair);
    if (decoded !== undefined && isUsable(...decoded))
      Object.defineProperty(result, decoded[0], { value: decoded[1], enumerable: true, configurable: true, writable: true });
    else refused.push(index + 1);
  }
  if (refused.length > 0) {
    const which = refused.length === 1 ? `pair ${refused[0]} is` : `pairs ${refused.join(', ')} are`;
    logOnce(
      `environment ${name}`,
      'warn',
      `${name}: ${which} not usable; a pair is key=value, with percent-encoding where it holds other than letters and digits`,
    );
  }
  return result;
}

function decode(pair: string): readonly [string, string] | undefined {
  const at = pair.indexOf('=');
  try {
    const key = decodeURIComponent(pair.slice(0, Math.max(0, at)).trim());
    return key === '' ? undefined : [key, decodeURIComponent(pair.slice(at + 1).trim())];
  } catch {
    return undefined;
  }
}
