import type { Depth, DepthSource } from '../depth.ts';

/** The counts of a queue that pg-boss itself keeps; its monitor renews them once a minute. */
interface QueueStats {
  readonly deferredCount: number;
  readonly queuedCount: number;
  readonly readyCount: number;
  readonly activeCount: number;
  readonly failedCount: number;
  /** Only with `persistQueueStats`. */
  readonly readyOldestSeconds?: number | null | undefined;
}

/** pg-boss's manager, as far as depth needs it. */
export interface StatsReader {
  /** Undefined until it has started. */
  readonly stopped?: boolean | undefined;
  getQueueStats(queue: string, options: { limit: number }): Promise<readonly QueueStats[]>;
}

/** The depth of a queue from the counts that pg-boss caches in its queue table: jobs are not counted for us. */
export function depthSource(reader: StatsReader, queue: string): DepthSource {
  return {
    queue,
    state: () => (reader.stopped === true ? 'closed' : reader.stopped === false ? 'ready' : 'waiting'),
    read: async () => toDepth((await reader.getQueueStats(queue, { limit: 1 }))[0]),
  };
}

function toDepth(stats: QueueStats | undefined): Depth {
  if (stats === undefined) throw new RangeError('no counts yet');
  const { deferredCount, queuedCount, readyCount, activeCount, failedCount, readyOldestSeconds } = stats;
  return {
    counts: {
      ...{ waiting: readyCount, delayed: deferredCount, active: activeCount, failed: failedCount },
      blocked: Math.max(queuedCount - deferredCount - readyCount, 0),
    },
    oldestAgeSeconds: readyOldestSeconds ?? undefined,
  };
}
