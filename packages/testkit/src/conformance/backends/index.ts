import { Worker } from 'node:worker_threads';
import { allAliases, allMetrics } from '@tallyman/catalog';
import { expect, it } from 'vitest';
import type { CollectedMetric, CollectedPoint, Collection, Task } from './collected.ts';
import { afterFirst, afterSecond } from './expected.ts';

/** Series as text: `name{attributes}` to its value; of a histogram the count, the sum, and the buckets that are not empty. */
type Lines = Map<string, readonly number[]>;

/** What every backend must give to the readers of an OpenTelemetry SDK, one or several, cumulative and delta. */
export function backendConformance(backend: Task['backend']): void {
  it('describes each instrument as the catalog does', async () => {
    const { steps } = await collect({ backend, readers: ['cumulative'] });
    for (const { name, unit, description, scope, kind, isDelta } of steps[1]?.[0] ?? []) {
      const { instrument, ...metric } = [...allMetrics, ...allAliases].find((one) => one.name === name) ?? expect.unreachable(name);
      expect({ unit, description, scope, kind, isDelta }).toEqual({
        unit: metric.unit,
        description: metric.description,
        scope: metric.scope,
        kind: instrument,
        isDelta: false,
      });
    }
  });

  it('gives one cumulative reader the exact values', async () => {
    const { before, steps } = await collect({ backend, readers: ['cumulative'] });
    expectCumulative(
      backend,
      before,
      steps.map(([only = []]) => only),
    );
  });

  it('gives one delta reader what came since it last asked', async () => {
    const { before, steps } = await collect({ backend, readers: ['delta'] });
    expectDelta(
      before,
      steps.map(([only = []]) => only),
    );
  });

  it('gives several readers at once each its own', async () => {
    const { before, steps } = await collect({ backend, readers: ['delta', 'cumulative', 'delta'] });
    expectDelta(
      before,
      steps.map(([first = []]) => first),
    );
    expectCumulative(
      backend,
      before,
      steps.map(([, second = []]) => second),
    );
    expectDelta(
      before,
      steps.map(([, , third = []]) => third),
    );
  });
}

/**
 * A foreign SDK reports a gauge that is cleared for ever with its last value to a cumulative reader (sdk-metrics 3.1: what was once observed is merged
 * into every later collection), and to a delta reader no more.
 */
function expectCumulative(backend: Task['backend'], before: readonly CollectedMetric[], steps: readonly (readonly CollectedMetric[])[]): void {
  const [first, second, third] = steps.map((step) => totals(before, step));
  const frozen = backend === 'cells' ? [] : ['queue.depth{queue.name=q,state=waiting} 7'];
  expect(text(first)).toEqual(afterFirst);
  expect(text(second)).toEqual([...afterSecond, ...frozen].sort());
  expect(text(third)).toEqual([...afterSecond, ...frozen].sort());
}

/** Levels are cumulative to a delta reader too; what it gets of the rest adds up to the cumulative values, and is not repeated. */
function expectDelta(before: readonly CollectedMetric[], steps: readonly (readonly CollectedMetric[])[]): void {
  for (const { kind, isDelta } of steps.flat()) if (kind !== 'gauge') expect(isDelta).toBe(kind !== 'updowncounter');
  const [first = [], second = [], third = []] = steps;
  expect(text(totals(before, first))).toEqual(afterFirst);
  expect(text(totals([...before, ...first], second))).toEqual(afterSecond);
  expect(text([...totals([], third)].filter(([, [value]]) => value !== 0))).toEqual(afterSecond.filter((line) => isLevel(line)));
}

function isLevel(line: string): boolean {
  const name = line.slice(0, line.indexOf('{'));
  const { instrument } = [...allMetrics, ...allAliases].find((metric) => metric.name === name) ?? expect.unreachable(line);
  return (instrument === 'gauge' || instrument === 'updowncounter') && !line.endsWith(' 0');
}

/** The points, levels as they are, the rest added to what was delivered before. */
function totals(before: readonly CollectedMetric[], now: readonly CollectedMetric[]): Lines {
  const lines: Lines = new Map();
  for (const [metrics, isBefore] of [
    [before, true],
    [now, false],
  ] as const) {
    for (const { name, kind, points } of metrics) {
      if (isBefore && kind === 'gauge') continue;
      for (const point of points) {
        const key = `${name}{${Object.entries(point.attributes)
          .map(([label, value]) => `${label}=${value}`)
          .sort()
          .join(',')}}`;
        const earlier = kind === 'counter' || kind === 'histogram' ? lines.get(key) : undefined;
        lines.set(
          key,
          numbers(point).map((value, index) => value + (earlier?.[index] ?? 0)),
        );
      }
    }
  }
  return lines;
}

function numbers({ value }: CollectedPoint): readonly number[] {
  return typeof value === 'number' ? [value] : [value.count, value.sum, ...value.buckets.counts];
}

function text(lines: Iterable<[string, readonly number[]]> = []): string[] {
  return [...lines]
    .map(([key, [first = 0, ...rest]]) => {
      const [sum, ...counts] = rest;
      if (sum === undefined) return `${key} ${round(first)}`;
      const bounds = [...allMetrics, ...allAliases].find(({ name }) => key.startsWith(`${name}{`))?.buckets ?? [];
      expect(counts.length).toBe(bounds.length + 1);
      const filled = counts.map((count, index) => (count === 0 ? '' : ` ${bounds[index] ?? '+Inf'}:${count}`)).join('');
      return `${key} ${first} = ${round(sum)}${filled}`;
    })
    .sort();
}

function round(value: number): number {
  return Number(value.toFixed(9));
}

/** Records and collects in a thread of its own: what a process has recorded is there for its life. */
async function collect(task: Task): Promise<Collection> {
  const worker = new Worker(new URL('../../../dist/conformance/backends/collecting.js', import.meta.url), { workerData: task, execArgv: [] });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread ended with ${code}`)));
  });
}
