import type { Depth, DepthSource, JobState } from '../depth.ts';

interface RedisClient {
  /** The driver's own; BullMQ's adapters of other drivers speak the same words. */
  readonly status?: string | undefined;
  readonly isCluster?: boolean | undefined;
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>;
}

interface Store {
  getCounts(types: readonly string[]): Promise<(number | null)[]>;
  getRanges(types: readonly string[], start: number, end: number, ascending: boolean): Promise<string[][]>;
  /** BullMQ 6. */
  hasQueueMetaField?(field: string): Promise<boolean>;
}

interface Connection {
  readonly _client?: RedisClient | undefined;
  readonly client: Promise<RedisClient>;
}

/** A Worker or a Queue, as far as it is read here: BullMQ 6 keeps connection and scripts in its backend, 5 on itself. */
export interface BullOwner {
  readonly name: string;
  readonly closing?: unknown;
  toKey(type: string): string;
  readonly backend?: (Store & { readonly connection?: Connection | undefined }) | undefined;
  readonly scripts?: Store | undefined;
  readonly connection?: Connection | undefined;
}

const STATES = {
  wait: 'waiting',
  active: 'active',
  delayed: 'delayed',
  prioritized: 'prioritized',
  'waiting-children': 'waiting_children',
  failed: 'failed',
  completed: 'completed',
} as const satisfies Record<string, JobState>;

/**
 * The depth of a queue through the main connection of a Worker or Queue; the blocking connection is never used.
 * A queue on another backend than Redis has no connection whose state can be told: it stays `waiting`.
 */
export function depthSource(owner: BullOwner): DepthSource {
  return {
    queue: owner.name,
    state: () => (owner.closing ? 'closed' : isReady(owner) ? 'ready' : 'waiting'),
    read: () => readDepth(owner),
  };
}

function connectionOf({ backend, connection }: BullOwner): Connection | undefined {
  return backend?.connection ?? connection;
}

/** A cluster's client stays at `connect`. */
function isReady(owner: BullOwner): boolean {
  const client = connectionOf(owner)?._client;
  return client?.status === 'ready' || (client?.status === 'connect' && client.isCluster === true);
}

async function readDepth(owner: BullOwner): Promise<Depth> {
  const store = owner.backend ?? owner.scripts;
  if (store === undefined) throw new TypeError('no scripts');
  const pausedInPlace = store.hasQueueMetaField !== undefined;
  const types = [...Object.keys(STATES), ...(pausedInPlace ? [] : ['paused'])];
  const [counts, isPaused] = await Promise.all([store.getCounts(types), pausedInPlace && store.hasQueueMetaField?.('paused')]);
  const count = (type: string): number => Number(counts[types.indexOf(type)] ?? 0);
  const waiting = count('wait');
  return {
    counts: {
      ...Object.fromEntries(Object.entries(STATES).map(([type, state]) => [state, count(type)])),
      // Pausing renames the list in BullMQ 5, and only sets a flag in 6: jobs that wait in a paused queue are not late.
      waiting: isPaused ? 0 : waiting,
      paused: isPaused ? waiting : count('paused'),
    },
    oldestAgeSeconds: isPaused ? 0 : await oldestAge(owner, store, waiting > 0 ? 'wait' : 'prioritized'),
  };
}

/** Where all waiting jobs have a priority, the age of the one that is next: a sorted set by priority does not tell its oldest. */
async function oldestAge(owner: BullOwner, store: Store, type: string): Promise<number> {
  const [ids] = await store.getRanges([type], 0, 0, true);
  const id = ids?.[0];
  if (id === undefined || id.startsWith('0:')) return 0;
  const client = await connectionOf(owner)?.client;
  const [timestamp, options] = (await client?.hmget(owner.toKey(id), 'timestamp', 'opts')) ?? [];
  const due = Number(timestamp) + Number((JSON.parse(options ?? '{}') as { delay?: number }).delay ?? 0);
  return Number.isFinite(due) && due > 0 ? Math.max(Date.now() - due, 0) / 1000 : 0;
}
