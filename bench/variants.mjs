import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The file that users name with `--require`. */
export const preload = fileURLToPath(new URL('../packages/register/dist/preload.cjs', import.meta.url));

/**
 * The ways to start Node that are compared; the first one is the base of all ratios.
 *
 * `nodeFlags` and `env` say how to start Node. `file` must exist, else the variant is left out. `proof` names, for each
 * benchmark, metrics that must arrive at the sink: a variant that measures nothing would look fast.
 */
export const variants = [
  { name: 'bare', nodeFlags: [], env: {} },
  {
    name: 'tallyman',
    nodeFlags: ['--require', preload],
    env: {},
    file: preload,
    proof: {
      start: ['http.server.request.duration', 'ai.calls'],
      ai: ['ai.calls', 'gen_ai.client.inference.time_per_output_chunk'],
      http: ['http.server.request.duration'],
      export: ['http.server.request.duration'],
      queue: ['queue.job.duration', 'queue.job.enqueued'],
    },
  },
];

/**
 * The base once more under another name: what it differs from the base is the noise of the machine. And the base with one
 * outgoing `http.request` a second: V8 then has two kinds of messages to expect in Node's HTTP code, which any exporter costs.
 */
export const controls = [
  { name: 'bare again', nodeFlags: [], env: {} },
  { name: 'bare, calling out', nodeFlags: ['--require', fileURLToPath(new URL('apps/calling-out.cjs', import.meta.url))], env: {} },
];

/** Whether a variant can be started here. */
export function isAvailable({ file }) {
  return file === undefined || existsSync(file);
}

/** The variant, writing a CPU profile of each of its processes into the folder. */
export function profiled(variant, folder) {
  return { ...variant, nodeFlags: ['--cpu-prof', `--cpu-prof-dir=${join(folder, variant.name)}`, ...variant.nodeFlags] };
}
