import { queueMetrics } from '@tallyman/catalog';
import { waitFor } from '@tallyman/testkit';
import { currentValue } from '@tallyman/testkit/conformance/queues';
import { expect, test } from 'vitest';
import { type DepthSource, startDepth, watchDepth } from './depth.ts';

interface Closable extends DepthSource {
  isClosed: boolean;
}

function source(queue: string, waiting: number): Closable {
  return {
    queue,
    isClosed: false,
    state() {
      return this.isClosed ? 'closed' : 'ready';
    },
    read: async () => ({ counts: { waiting }, oldestAgeSeconds: 0 }),
  };
}

test.each([8, 200])('a queue is looked at as long as its newest source is open, after %i that were open with it', async (count) => {
  startDepth({ first: 10, interval: 20, timeout: 1000 });
  const queue = `sources-${count}`;
  const untilDepth = (depth: number | undefined) =>
    waitFor(
      () => currentValue(queueMetrics.depth, { 'queue.name': queue }),
      (seen) => seen === depth,
    );
  const passing = Array.from({ length: count }, () => source(queue, 1));
  const staying = source(queue, 7);
  for (const each of [...passing, staying]) watchDepth(each);
  expect(await untilDepth(1)).toBe(1);
  for (const each of passing) each.isClosed = true;
  expect(await untilDepth(7)).toBe(7);
  staying.isClosed = true;
  expect(await untilDepth(undefined)).toBeUndefined();
});

test('a source that is open from the start stays one while others come and go', async () => {
  startDepth({ first: 10, interval: 20, timeout: 1000 });
  const queue = 'sources-in-turn';
  watchDepth(source(queue, 7));
  for (let made = 0; made < 500; made += 1) {
    const passing = source(queue, 1);
    watchDepth(passing);
    passing.isClosed = true;
  }
  await waitFor(
    () => currentValue(queueMetrics.depth, { 'queue.name': queue }),
    (depth) => depth === 7,
  );
});
