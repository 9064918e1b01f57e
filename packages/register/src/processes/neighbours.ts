import { copyFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Place, type ProcessRow, type Start, WORKED } from './row.ts';

const FILES = ['work.cjs', 'work.mjs', 'node-sdk.cjs', 'sentry.cjs', 'sentry.mjs'];

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
  readonly theirs: NonNullable<ProcessRow['theirs']>;
}

function neighbour({ name, outcome, flags, env = {}, order, entry = 'work.cjs', says = [], theirs }: Neighbour): ProcessRow {
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
    theirs,
  };
}

const REQUESTS = /instrumentation-http http\.server\./;
const OWN_SDK = { flags: ['--require', './node-sdk.cjs'], theirs: [REQUESTS, /^app app\.starts$/] };
const AUTO = {
  flags: ['--require', '@opentelemetry/auto-instrumentations-node/register'],
  env: { OTEL_NODE_RESOURCE_DETECTORS: 'env', OTEL_LOGS_EXPORTER: 'none' },
  theirs: [REQUESTS],
};
const AUTO_TRACES = {
  ...AUTO,
  /** In JSON, which the test can count. */
  env: { ...AUTO.env, OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
  theirs: [REQUESTS, /^span GET 2$/, /^span GET 3$/],
};
const DATADOG = {
  flags: ['--require', 'dd-trace/init'],
  env: { DD_TRACE_STARTUP_LOGS: 'false', DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false' },
  theirs: [/\/traces$/],
};
const SENTRY = { flags: ['--import', './sentry.mjs'], theirs: [/\/envelope\//] };

/** A MeterProvider that is registered takes our metrics over, and a line says so. */
const HANDED_OVER = {
  outcome: 'theirs counts as without us; ours is measured once and goes through theirs',
  says: [/^\[tallyman\] the application's own OpenTelemetry SDK reports Tallyman's metrics/],
};
const TRACED = { ...HANDED_OVER, outcome: 'theirs counts as without us, spans too; ours is measured once and goes through theirs' };
const SENT = { outcome: 'theirs is sent as without us; ours is measured once' };

/** Telemetry of others in the same process. */
export const neighbours: readonly ProcessRow[] = [
  { name: "the application's own NodeSDK, started after", ...HANDED_OVER, ...OWN_SDK, order: AFTER },
  { name: "the application's own NodeSDK, started before", ...HANDED_OVER, ...OWN_SDK, order: BEFORE },
  { name: 'auto-instrumentations-node, after', ...HANDED_OVER, ...AUTO, order: AFTER },
  { name: 'auto-instrumentations-node, before', ...HANDED_OVER, ...AUTO, order: BEFORE },
  { name: 'the same with `OTEL_TRACES_EXPORTER`, after', ...TRACED, ...AUTO_TRACES, order: AFTER },
  { name: 'the same with `OTEL_TRACES_EXPORTER`, before', ...TRACED, ...AUTO_TRACES, order: BEFORE },
  { name: 'dd-trace, after', ...SENT, ...DATADOG, order: AFTER },
  { name: 'dd-trace, before', ...SENT, ...DATADOG, order: BEFORE },
  { name: 'Sentry, CommonJS', ...SENT, ...SENTRY, order: AFTER },
  { name: 'Sentry by `--require`, before', ...SENT, ...SENTRY, flags: ['--require', './sentry.cjs'], order: BEFORE },
  { name: 'Sentry, ES modules', ...SENT, ...SENTRY, order: AFTER, entry: 'work.mjs' },
].map(neighbour);
