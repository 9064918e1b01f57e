import type { EventLoopUtilization, monitorEventLoopDelay, PerformanceEntry } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import { processMetrics } from '@tallyman/catalog';
import { bindMetrics, runtime } from '@tallyman/core';

const NANOSECONDS = 1e9;

/** The time since a reader last asked. */
interface Window {
  readonly delay: ReturnType<typeof monitorEventLoopDelay>;
  utilization: EventLoopUtilization;
}
/** Garbage collections that are remembered when nobody reads. */
const MAXIMUM_PAUSES = 1000;

let isStarted = false;

/** Samples the process whenever values are read, from the first call on: CPU and memory, unless this is a thread of it, event loop, heap, garbage collection. */
export function startProcessMetrics(): void {
  if (isStarted) return;
  isStarted = true;
  // Taken when measuring begins: they would cost every process that is never measured its start.
  const { constants, monitorEventLoopDelay, PerformanceObserver, performance } = process.getBuiltinModule('node:perf_hooks');
  const { getHeapSpaceStatistics } = process.getBuiltinModule('node:v8');
  const gcTypes: Readonly<Record<number, 'major' | 'minor' | 'incremental' | 'weakcb'>> = {
    [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
    [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
    [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
    [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
  };
  const record = bindMetrics(processMetrics);
  const startWindow = (): Window => {
    const delay = monitorEventLoopDelay({ resolution: 20 });
    delay.enable();
    return { delay, utilization: performance.eventLoopUtilization() };
  };
  // Each reader learns what has been since it last asked, whatever the others ask; the first one to come, what has been since the start.
  const windows = new WeakMap<object, Window>();
  let first: Window | undefined = startWindow();
  let pauses: PerformanceEntry[] = [];
  const recordPauses = (): void => {
    for (const entry of pauses) {
      const type = gcTypes[(entry as unknown as { detail?: { kind?: number } }).detail?.kind ?? 0];
      if (type !== undefined) record.gcDuration(entry.duration / 1000, { 'v8js.gc.type': type });
    }
    pauses = [];
  };
  const observer = new PerformanceObserver((entries) => {
    // Recorded with the other samples: a collection of garbage alone is nothing that the end of a process has to deliver.
    pauses.push(...entries.getEntries());
    if (pauses.length > MAXIMUM_PAUSES) recordPauses();
  });
  observer.observe({ entryTypes: ['gc'] });
  runtime.beforeRead.add((reader) => {
    const window = windows.get(reader) ?? first ?? startWindow();
    if (window === first) first = undefined;
    windows.set(reader, window);
    const { delay } = window;
    recordPauses();
    // A thread sees those of the whole process, which would be counted once for each.
    if (isMainThread) {
      const { user, system } = process.cpuUsage();
      record.cpuTime.set(user / 1e6, { 'cpu.mode': 'user' });
      record.cpuTime.set(system / 1e6, { 'cpu.mode': 'system' });
      record.memoryUsage.set(process.memoryUsage.rss(), {});
    }
    const now = performance.eventLoopUtilization();
    record.eventLoopTime.set(now.active / 1000, { 'nodejs.eventloop.state': 'active' });
    record.eventLoopTime.set(now.idle / 1000, { 'nodejs.eventloop.state': 'idle' });
    record.eventLoopUtilization.set(performance.eventLoopUtilization(now, window.utilization).utilization, {});
    window.utilization = now;
    if (delay.count > 0) {
      record.eventLoopDelayMin.set(delay.min / NANOSECONDS, {});
      record.eventLoopDelayMax.set(delay.max / NANOSECONDS, {});
      record.eventLoopDelayMean.set(delay.mean / NANOSECONDS, {});
      record.eventLoopDelayStddev.set(delay.stddev / NANOSECONDS, {});
      record.eventLoopDelayP50.set(delay.percentile(50) / NANOSECONDS, {});
      record.eventLoopDelayP90.set(delay.percentile(90) / NANOSECONDS, {});
      record.eventLoopDelayP99.set(delay.percentile(99) / NANOSECONDS, {});
      delay.reset();
    }
    for (const space of getHeapSpaceStatistics()) {
      const name = { 'v8js.heap.space.name': space.space_name };
      record.heapUsed.set(space.space_used_size, name);
      record.heapLimit.set(space.space_size, name);
    }
  });
}
