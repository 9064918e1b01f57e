import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pairs } from './settings/environment.ts';
import { text } from './settings/variables.ts';
import { version } from './version.ts';

const UNKNOWN_SERVICE = 'unknown_service:node';

/** The resource attributes of this process, by OpenTelemetry's resource conventions; only `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` change them. */
export function resourceAttributes(): Record<string, string> {
  const given = pairs('OTEL_RESOURCE_ATTRIBUTES');
  const application = nearestManifest();
  return cleaned({
    'service.name': application.name ?? UNKNOWN_SERVICE,
    ...(application.version !== undefined && { 'service.version': application.version }),
    'service.instance.id': process.getBuiltinModule('node:crypto').randomUUID(),
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.distro.name': 'tallyman',
    'telemetry.distro.version': version,
    ...given,
    ...(text('OTEL_SERVICE_NAME') !== undefined && { 'service.name': text('OTEL_SERVICE_NAME') as string }),
  });
}

/** Longest value of a resource attribute, in UTF-16 code units: the service's name is on every series. */
const MAX_LENGTH = 255;

/** Without control characters, lone surrogates, and what is too long or nothing at all. */
function cleaned(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const clean = (value: string): string =>
    value
      .replace(/\p{Cc}+/gu, ' ')
      .trim()
      .slice(0, MAX_LENGTH)
      .toWellFormed();
  const entries = Object.entries(attributes).map(([key, value]): [string, string] => [clean(key), clean(value)]);
  return { 'service.name': UNKNOWN_SERVICE, ...Object.fromEntries(entries.filter(([key, value]) => key !== '' && value !== '')) };
}

/** Name and version in the package.json nearest to the entry point, else to the working directory. */
function nearestManifest(): { name?: string; version?: string } {
  let folder = process.argv[1] === undefined ? process.cwd() : dirname(resolve(process.argv[1]));
  for (;;) {
    try {
      const { name, version: own } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
      if (typeof name === 'string' && name !== '') return { name, ...(typeof own === 'string' && own !== '' && { version: own }) };
    } catch {
      // No readable manifest here: look one folder up.
    }
    const parent = dirname(folder);
    if (parent === folder) return {};
    folder = parent;
  }
}
