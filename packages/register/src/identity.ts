import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pairs } from './environment.ts';
import { text } from './variables.ts';
import { version } from './version.ts';

/** The resource attributes of this process, by OpenTelemetry's resource conventions; only `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` change them. */
export function resourceAttributes(): Record<string, string> {
  const given = pairs('OTEL_RESOURCE_ATTRIBUTES');
  const application = nearestManifest();
  return {
    'service.name': application.name ?? 'unknown_service:node',
    ...(application.version !== undefined && { 'service.version': application.version }),
    'service.instance.id': process.getBuiltinModule('node:crypto').randomUUID(),
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'opentelemetry',
    'telemetry.distro.name': 'tallyman',
    'telemetry.distro.version': version,
    ...given,
    ...(text('OTEL_SERVICE_NAME') !== undefined && { 'service.name': text('OTEL_SERVICE_NAME') as string }),
  };
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
