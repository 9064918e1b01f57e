import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOrInstallPeers } from '../scripts/peers.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The file that users name with `--require`. */
export const preload = here('../packages/register/dist/preload.cjs');

/**
 * The ways to start Node that are compared; the first one is the base of all ratios.
 *
 * `nodeFlags` and `env` say how to start Node. `file` must exist, else the variant is left out. `proof` names, for each
 * benchmark in which the variant takes part, what must arrive at the sink from each of its workloads, or from those that are
 * named: a variant that measures nothing would look fast.
 */
export const variants = [
  { name: 'bare', nodeFlags: [], env: {} },
  {
    name: 'tallyman',
    nodeFlags: ['--require', preload],
    env: {},
    file: preload,
    proof: {
      start: { 'all active': ['http.server.request.duration', 'ai.calls'] },
      ai: ['ai.calls'],
      http: ['http.server.request.duration'],
      export: ['http.server.request.duration'],
      queue: ['queue.job.duration', 'queue.job.enqueued'],
    },
  },
];

/** The same two within one process, in which the second one's methods and subscriptions come and go: what processes differ by is not in the comparison. */
export function variantsWithin() {
  const [bare, tallyman] = variants;
  const shared = { name: tallyman.name, app: undefined };
  return [
    { ...bare, within: { shared, preload, isMeasured: false } },
    { ...tallyman, nodeFlags: [], within: { shared, preload, isMeasured: true } },
  ];
}

/** Libraries that do a part of the same. `isExtra`: no metrics by OTLP or Prometheus, so compared only when asked for. */
const peers = [
  { name: 'prom-client', flag: '--require', start: 'prom-client.cjs', isScraped: true, proof: { start: {}, http: ['http_request_duration_seconds'] } },
  {
    name: 'NodeSDK, three instrumentations',
    ...{ flag: '--require', start: 'node-sdk.cjs', env: { OTEL_SEMCONV_STABILITY_OPT_IN: 'http' } },
    proof: { start: { 'all active': ['http.server.request.duration'] }, http: ['http.server.request.duration'] },
  },
  {
    name: 'auto-instrumentations-node',
    ...{ flag: '--require', start: '@opentelemetry/auto-instrumentations-node/register' },
    env: {
      OTEL_SEMCONV_STABILITY_OPT_IN: 'http',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      // The others look for a cloud in the network.
      OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process',
    },
    proof: {
      start: { 'all active': ['http.server.request.duration', 'gen_ai.client.token.usage'] },
      ai: ['gen_ai.client.token.usage'],
      http: ['http.server.request.duration'],
      queue: ['queue'],
    },
  },
  {
    name: 'OpenLIT',
    ...{ flag: '--require', start: 'openlit.cjs', env: { OTEL_EXPORTER_OTLP_METRICS_EXPORT_INTERVAL: '1000' } },
    proof: { start: { 'all active': ['gen_ai.client.token.usage'] }, ai: ['gen_ai.client.token.usage'] },
  },
  {
    name: 'dd-trace',
    ...{ flag: '--require', start: 'dd-trace/init', isExtra: true },
    env: { DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false', DD_REMOTE_CONFIGURATION_ENABLED: 'false', DD_TRACE_STARTUP_LOGS: 'false' },
    proof: { start: { 'all active': ['.request'] }, http: ['.request'], queue: ['bullmq'] },
  },
  { name: 'Sentry', flag: '--import', start: 'sentry.mjs', isExtra: true, proof: { start: { 'all active': ['http.server'] }, http: ['http.server'] } },
];

/**
 * The peers as variants: of `choice` `some` those with metrics, of `all` all. Installs them into the cache folder when they are
 * not there; throws with one line when they cannot be had.
 */
export async function peerVariants(choice) {
  if (choice === 'none') return [];
  const folder = await findOrInstallPeers();
  const { resolve } = createRequire(`${folder}/`);
  return peers
    .filter(({ isExtra = false }) => choice === 'all' || !isExtra)
    .map(({ flag, start, env = {}, ...peer }) => {
      const file = /^[\w-]+\.[cm]js$/.test(start) ? here(`peers/${start}`) : resolve(start);
      return { ...peer, nodeFlags: [flag, file], env: { ...env, BENCH_PEERS: folder } };
    });
}

/**
 * The base once more under another name: what it differs from the base is the noise of the machine. And the base with one
 * outgoing `http.request` a second: V8 then has two kinds of messages to expect in Node's HTTP code, which any exporter costs. And
 * with a hook on modules that does nothing: what Node takes for it at each module.
 */
export const controls = [
  { name: 'bare again', nodeFlags: [], env: {} },
  { name: 'bare, calling out', nodeFlags: ['--require', here('apps/calling-out.cjs')], env: {} },
  { name: 'bare, module hooks', nodeFlags: ['--require', here('apps/module-hooks.cjs')], env: {}, proof: { start: {} } },
];

/** Whether a variant can be started here. */
export function isAvailable({ file }) {
  return file === undefined || existsSync(file);
}

/** Whether a variant takes part in a benchmark. */
export function takesPart({ proof }, bench) {
  return proof === undefined || bench in proof;
}

/** What must arrive from the variant while the workload is measured. */
export function proofOf({ proof = {} }, bench, workload) {
  const wanted = proof[bench] ?? [];
  return Array.isArray(wanted) ? wanted : (wanted[workload] ?? []);
}

/** The variant, writing a CPU profile of each of its processes into the folder. */
export function profiled(variant, folder) {
  return { ...variant, nodeFlags: ['--cpu-prof', `--cpu-prof-dir=${join(folder, variant.name)}`, ...variant.nodeFlags] };
}
