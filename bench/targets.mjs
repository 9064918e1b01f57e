import { interval, paired } from './statistics.mjs';

const BASE = 'bare';
const OURS = 'tallyman';
/** With fewer, a bootstrap says less than it seems to. */
const FEWEST_REPETITIONS = 6;
const ratio = (value, base) => value / base;
const kept = (value, base) => (value / base) * 100;
const added = (value, base) => value - base;

/** What Tallyman may cost: `measure` is a label of the benchmark's measures; a target has `most` or `least`. */
const targets = [
  { bench: 'start', workload: 'empty file', measure: 'wall', comparison: ratio, most: 1.1, unit: 'x bare' },
  { bench: 'start', workload: '400 CommonJS modules', measure: 'wall', comparison: ratio, most: 1.1, unit: 'x bare' },
  { bench: 'start', workload: 'all active', measure: 'wall', comparison: ratio, most: 2, unit: 'x bare' },
  { bench: 'start', workload: '400 ES modules', measure: 'wall', comparison: ratio, most: 1.08, unit: 'x bare' },
  { bench: 'start', workload: 'a worker thread', measure: 'wall', comparison: ratio, most: 1.2, unit: 'x bare' },
  { bench: 'http', workload: 'node:http, GET', measure: 'throughput', comparison: kept, least: 95, unit: '% kept' },
  { bench: 'http', workload: 'Express 5, GET', measure: 'throughput', comparison: kept, least: 92, unit: '% kept' },
  { bench: 'ai', workload: 'chat call', measure: 'CPU', comparison: added, most: 20, unit: 'us added' },
  { bench: 'ai', workload: 'stream chunk', measure: 'CPU', comparison: added, most: 0.5, unit: 'us added' },
  { bench: 'queue', workload: 'add and work', measure: 'throughput', comparison: kept, least: 98, unit: '% kept' },
];

/** How a target stands after these measurements; undefined where there is no such target, or nothing to compare. */
function standingOf({ name, measures }, workload, measurements) {
  const target = targets.find((one) => one.bench === name && one.workload === workload);
  const [base, ours] = [measurements.get(BASE), measurements.get(OURS)];
  if (target === undefined || !base?.length || !ours?.length) return undefined;
  const { value } = measures.find(({ label }) => label === target.measure);
  const pairs = paired(ours, base, (slice, other) => target.comparison(value(slice), value(other)));
  const found = interval(pairs);
  const { most = Number.POSITIVE_INFINITY, least = Number.NEGATIVE_INFINITY } = target;
  const isEnough = pairs.length >= FEWEST_REPETITIONS;
  const isMet = found.upper <= most && found.lower >= least;
  const isMissed = found.lower > most || found.upper < least;
  return { target, ...found, repetitions: pairs.length, verdict: verdictOf(isEnough && isMet, isEnough && isMissed) };
}

function verdictOf(isMet, isMissed) {
  if (isMet) return 'met';
  return isMissed ? 'NOT MET' : 'undecided';
}

/**
 * Decides, after the planned repetitions of a workload, which variants are worth another one: base and ours, until the interval
 * lies on one side of the target, or the minutes are over.
 */
export function untilDecided(bench, minutes) {
  return (workload, variants) => {
    let until;
    return (measurements) => {
      until ??= performance.now() + minutes * 60_000;
      if (performance.now() > until || standingOf(bench, workload, measurements)?.verdict !== 'undecided') return [];
      return variants.filter(({ name }) => name === BASE || name === OURS);
    };
  };
}

/** A line for each target of the benchmark. */
export function targetLines(bench, results) {
  return results.flatMap(({ workload, measurements }) => {
    const standing = standingOf(bench, workload, measurements);
    if (standing === undefined) return [];
    const { target, median, lower, upper, repetitions, verdict } = standing;
    const limit = target.most === undefined ? `>= ${target.least}` : `<= ${target.most}`;
    const what = `${bench.name}, ${workload}, ${target.measure}`.padEnd(44);
    return [`${what} ${median.toFixed(2)} ${target.unit} [${lower.toFixed(2)}, ${upper.toFixed(2)}], ${repetitions} repetitions; target ${limit}: ${verdict}`];
  });
}
