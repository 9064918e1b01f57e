import { availableParallelism, cpus, loadavg } from 'node:os';

/** One line: where and when the figures come from, and how busy the machine was before. */
export function machine() {
  const { model } = cpus()[0] ?? { model: 'unknown processor' };
  const load = loadavg()[0].toFixed(1);
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, Node ${process.versions.node}, ${process.platform} ${process.arch}, ${availableParallelism()} x ${model.trim()}, load ${load}`;
}
