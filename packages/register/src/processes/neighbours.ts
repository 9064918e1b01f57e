import { copyFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Place, type ProcessRow, type Start, WORKED } from './row.ts';

const FILES = ['work.cjs', 'work.mjs', 'node-sdk.cjs', 'sentry.mjs'];

/** An application whose packages are the peers'. */
function application({ folder, fixture, peer }: Place): void {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', version: '1.0.0' }));
  symlinkSync(peer(''), join(folder, 'node_modules'));
  for (const file of FILES) copyFileSync(fixture(file), join(folder, file));
}

type Order = (ours: readonly string[], theirs: readonly string[]) => readonly string[];
const AFTER: Order = (ours, theirs) => [...ours, ...theirs];
const BEFORE: Order = (ours, theirs) => [...theirs, ...ours];

interface Neighbour {
  readonly name: string;
  readonly outcome: string;
  readonly flags: readonly string[];
  readonly env?: Start['env'];
  readonly order: Order;
  readonly entry?: string;
  readonly says?: readonly RegExp[];
}

function neighbour({ name, outcome, flags, env = {}, order, entry = 'work.cjs', says = [] }: Neighbour): ProcessRow {
  return {
    name,
    outcome,
    needs: 'peers',
    start: (place) => {
      application(place);
      return { args: [...order(place.flags, flags), join(place.folder, entry)], env, namesPreload: true };
    },
    arrives: WORKED,
    says,
  };
}

const OWN_SDK = ['--require', './node-sdk.cjs'];
const AUTO = ['--require', '@opentelemetry/auto-instrumentations-node/register'];
const AUTO_ENV = { OTEL_NODE_RESOURCE_DETECTORS: 'env', OTEL_LOGS_EXPORTER: 'none' };
/** Traces in JSON, which the test can count. */
const TRACES = { ...AUTO_ENV, OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
const DATADOG = { flags: ['--require', 'dd-trace/init'], env: { DD_TRACE_STARTUP_LOGS: 'false', DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false' } };

/** A MeterProvider that is registered takes our metrics over, and a line says so. */
const HANDED_OVER = {
  outcome: 'theirs counts as without us; ours is measured once and goes through theirs',
  says: [/^\[tallyman\] the application's own OpenTelemetry SDK reports Tallyman's metrics/],
};
const TRACED = { ...HANDED_OVER, outcome: 'theirs counts as without us, spans too; ours is measured once and goes through theirs' };
const SENT = { outcome: 'theirs is sent as without us; ours is measured once' };

/** Telemetry of others in the same process. */
export const neighbours: readonly ProcessRow[] = [
  { name: "the application's own NodeSDK, started after", ...HANDED_OVER, flags: OWN_SDK, order: AFTER },
  { name: "the application's own NodeSDK, started before", ...HANDED_OVER, flags: OWN_SDK, order: BEFORE },
  { name: 'auto-instrumentations-node, after', ...HANDED_OVER, flags: AUTO, env: AUTO_ENV, order: AFTER },
  { name: 'auto-instrumentations-node, before', ...HANDED_OVER, flags: AUTO, env: AUTO_ENV, order: BEFORE },
  { name: 'the same with `OTEL_TRACES_EXPORTER`, after', ...TRACED, flags: AUTO, env: TRACES, order: AFTER },
  { name: 'the same with `OTEL_TRACES_EXPORTER`, before', ...TRACED, flags: AUTO, env: TRACES, order: BEFORE },
  { name: 'dd-trace, after', ...SENT, ...DATADOG, order: AFTER },
  { name: 'dd-trace, before', ...SENT, ...DATADOG, order: BEFORE },
  { name: 'Sentry, CommonJS', ...SENT, flags: ['--import', './sentry.mjs'], order: AFTER },
  { name: 'Sentry, ES modules', ...SENT, flags: ['--import', './sentry.mjs'], order: AFTER, entry: 'work.mjs' },
].map(neighbour);
