import { pauseSeconds } from './buckets.ts';
import { defineMetrics, type MetricSpec } from './define.ts';

const heapSpace = { 'v8js.heap.space.name': { description: 'Space of the heap.', cap: 20 } } as const;

function eventLoopDelay<const N extends string>(statistic: N) {
  return {
    name: `nodejs.eventloop.delay.${statistic}`,
    instrument: 'gauge',
    unit: 's',
    description: `Event loop delay since the last reading: ${statistic}.`,
    meaning: 'Time that everything else waited for synchronous work.',
    source: 'semconv',
    attributes: {},
  } as const satisfies MetricSpec;
}

/** The Node.js process, by the semantic conventions for process, Node.js and V8. */
export const processMetrics = defineMetrics('@tallyman/core', {
  cpuTime: {
    name: 'process.cpu.time',
    instrument: 'counter',
    unit: 's',
    description: 'CPU time of the process.',
    meaning: 'A rate near 1 is a full core. Reported by the main thread for all.',
    source: 'semconv',
    attributes: { 'cpu.mode': { description: 'User or system time.', values: ['user', 'system'] } },
  },
  memoryUsage: {
    name: 'process.memory.usage',
    instrument: 'updowncounter',
    unit: 'By',
    description: 'Resident memory of the process.',
    meaning: 'What the process takes from the machine. Reported by the main thread for all.',
    source: 'semconv',
    attributes: {},
  },
  eventLoopDelayMin: eventLoopDelay('min'),
  eventLoopDelayMax: eventLoopDelay('max'),
  eventLoopDelayMean: eventLoopDelay('mean'),
  eventLoopDelayStddev: eventLoopDelay('stddev'),
  eventLoopDelayP50: eventLoopDelay('p50'),
  eventLoopDelayP90: eventLoopDelay('p90'),
  eventLoopDelayP99: eventLoopDelay('p99'),
  eventLoopTime: {
    name: 'nodejs.eventloop.time',
    instrument: 'counter',
    unit: 's',
    description: 'Time that the event loop was active or idle.',
    meaning: 'Active time is what saturates one process.',
    source: 'semconv',
    attributes: { 'nodejs.eventloop.state': { description: 'State of the event loop.', values: ['active', 'idle'] } },
  },
  eventLoopUtilization: {
    name: 'nodejs.eventloop.utilization',
    instrument: 'gauge',
    unit: '1',
    description: 'Share of the time since the last reading that the event loop was active.',
    meaning: 'Near 1 the process cannot take more requests.',
    source: 'semconv',
    attributes: {},
  },
  gcDuration: {
    name: 'v8js.gc.duration',
    instrument: 'histogram',
    unit: 's',
    description: 'Pauses of the garbage collector.',
    meaning: 'Long major pauses mean a heap near its limit.',
    source: 'semconv',
    attributes: { 'v8js.gc.type': { description: 'Kind of collection.', values: ['major', 'minor', 'incremental', 'weakcb'] } },
    buckets: pauseSeconds,
  },
  heapUsed: {
    name: 'v8js.memory.heap.used',
    instrument: 'updowncounter',
    unit: 'By',
    description: 'Used heap by space.',
    meaning: 'Steady growth of old_space is a leak.',
    source: 'semconv',
    attributes: heapSpace,
  },
  heapLimit: {
    name: 'v8js.memory.heap.limit',
    instrument: 'updowncounter',
    unit: 'By',
    description: 'Size of the heap by space.',
    meaning: 'What V8 has reserved.',
    source: 'semconv',
    attributes: heapSpace,
  },
});
