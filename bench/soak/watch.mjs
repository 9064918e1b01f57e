import { setTimeout as pause } from 'node:timers/promises';
import { fallen, parsePage } from './page.mjs';

/** Scrapes a page every second until `stop()`: remembers how it grows, how long it takes, and what falls in it. */
export function watchPage(read, { mayBeGone = false } = {}) {
  const seen = { scrapes: 0, failed: 0, fallen: [], sizes: [], milliseconds: [], page: new Map() };
  const stopping = new AbortController();
  const scrape = async () => {
    const from = performance.now();
    const page = parsePage(await read());
    seen.milliseconds.push(performance.now() - from);
    // A collector that has just started has nothing yet; what it has later must not be less than before.
    const before = mayBeGone ? new Map([...seen.page].filter(([series]) => page.has(series))) : seen.page;
    seen.fallen.push(...fallen(before, page));
    seen.page = new Map([...seen.page, ...page]);
    seen.sizes.push(page.size);
    seen.scrapes++;
  };
  const done = (async () => {
    while (!stopping.signal.aborted) {
      await scrape().catch(() => seen.failed++);
      await pause(1000, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await done;
      return seen;
    },
  };
}

/** Asks for the application's memory again and again until `stop()`: `{ at (seconds), heap, rss }[]`. */
export function watchMemory(application, intervalSeconds) {
  const samples = [];
  const stopping = new AbortController();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      samples.push({ at: performance.now() / 1000, ...(await application.ask('memory')) });
      await pause(intervalSeconds * 1000, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await done;
      return samples;
    },
  };
}

/**
 * How the heap grows over the second half of the samples, in bytes a second: the median of the slopes between all pairs of
 * samples (Theil and Sen), which single samples taken in the middle of much work do not move.
 */
export function heapSlope(samples) {
  const half = samples.slice(samples.length >> 1);
  const slopes = half.flatMap((late, index) => half.slice(0, index).map((early) => (late.heap - early.heap) / (late.at - early.at)));
  return { slope: slopes.toSorted((a, b) => a - b)[slopes.length >> 1], seconds: half.at(-1).at - half[0].at };
}
