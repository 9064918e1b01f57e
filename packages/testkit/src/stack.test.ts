import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { requireServers } from './servers/binaries.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');
const read = (file: string) => parse(readFileSync(join(root, file), 'utf8'), { merge: true });

interface Service {
  readonly image: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly build?: unknown;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
}
const compose = read('docker-compose.yml') as { name: string; services: Record<string, Service>; volumes: Record<string, unknown> };
const services = Object.entries(compose.services);

describe('docker-compose.yml', () => {
  it.each(services)('%s is pinned, published on loopback only, and without privileges', (name, service) => {
    if (!service.build) expect(service.image).toMatch(/:v?\d/);
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\$\{TALLYMAN_\w+_PORT:-\d+\}:\d+$/);
    expect(service, name).toMatchObject({ cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  });

  it('mounts only what exists, and names only services and volumes that it has', () => {
    const sources = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    const generated = './grafana/dashboards';
    expect(sources.filter((source) => source.startsWith('.') && source !== generated && !existsSync(join(root, source)))).toEqual([]);
    expect(sources.filter((source) => !source.startsWith('.') && !(source in compose.volumes))).toEqual([]);
    expect(services.flatMap(([, service]) => Object.keys(service.depends_on ?? {})).filter((name) => !(name in compose.services))).toEqual([]);
  });

  it('runs the version of the collector that the builder manifest builds', () => {
    expect(compose.services.collector?.image).toBe(`otel/opentelemetry-collector-contrib:${read('otel-collector/builder.yaml').dist.version}`);
  });

  it('lets an anonymous visitor of Grafana look, and gives nobody a known password', () => {
    const ini = readFileSync(join(root, 'grafana/grafana.ini'), 'utf8');
    expect(ini).toMatch(/org_role = Viewer/);
    expect(ini).toMatch(/disable_initial_admin_creation = true/);
    expect(read('docker-compose.yml').services.grafana.environment.GF_SECURITY_ADMIN_PASSWORD).toBe(`\${TALLYMAN_GRAFANA_PASSWORD:-}`);
  });
});

const tools = await requireServers('otelcol', 'promtool');

describe.skipIf(tools.missing)('the configuration files', () => {
  it('are accepted by the collector, alone and with each overlay', async () => {
    const files = ['config.yaml', 'push.yaml'].map((file) => `--config=${join(root, 'otel-collector', file)}`);
    for (const args of [files.slice(0, 1), files]) await run(tools.found.otelcol?.path ?? '', ['validate', ...args]);
  });

  it('are accepted by promtool', async () => {
    const { stdout } = await run(tools.found.promtool?.path ?? '', ['check', 'config', join(root, 'prometheus/prometheus.yml')]);
    expect(stdout).toContain('SUCCESS');
  });
});
