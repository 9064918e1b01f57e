import type { MetricSpec } from './define.ts';

const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '1': '',
  '%': 'percent',
};

const PER_UNITS: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', mo: 'month', y: 'year' };

/** What the collector's translation reads of a metric. */
export type Named = Pick<MetricSpec, 'name' | 'instrument' | 'unit'>;

/**
 * The name that a metric has in Prometheus.
 * Ports the default translation of the collector's prometheus exporter and of Prometheus's OTLP receiver (prometheus/otlptranslator,
 * UnderscoreEscapingWithSuffixes): split, append the unit unless it is there, `_total` for counters, `_ratio` for gauges of unit `1`.
 */
export function promName({ name, instrument, unit }: Named): string {
  const tokens = name.split(/[^a-zA-Z0-9:]+/).filter(Boolean);
  const [main = '', per = ''] = unit.split('/', 2).map((part) => part.trim());
  const append = (suffix: string): void => {
    if (suffix && !tokens.includes(suffix)) tokens.push(suffix);
  };
  if (!main.includes('{')) append(clean(UNITS[main] ?? main));
  if (per && !per.includes('{')) {
    const suffix = clean(PER_UNITS[per] ?? per);
    if (suffix && !tokens.includes(suffix)) tokens.push('per', suffix);
  }
  const isCounter = instrument === 'counter';
  if (isCounter) {
    for (let index = tokens.indexOf('total'); index !== -1; index = tokens.indexOf('total')) tokens.splice(index, 1);
    tokens.push('total');
  }
  if (unit === '1' && instrument === 'gauge') {
    for (let index = tokens.indexOf('ratio'); index !== -1; index = tokens.indexOf('ratio')) tokens.splice(index, 1);
    tokens.push('ratio');
  }
  const joined = tokens.join('_');
  return /^[0-9]/.test(joined) ? `_${joined}` : joined;
}

function clean(unit: string): string {
  return unit.replace(/[^a-zA-Z0-9:]+/g, '_').replace(/^_+|_+$/g, '');
}

/** The label that an attribute becomes: invalid characters are replaced one for one, a leading digit or single underscore gets `key_` or `key`. */
export function promLabel(attribute: string): string {
  const label = attribute.replace(/[^a-zA-Z0-9_]/g, '_');
  if (/^[0-9]/.test(label)) return `key_${label}`;
  return label.startsWith('_') && !label.startsWith('__') ? `key${label}` : label;
}
