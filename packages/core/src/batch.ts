import type { TypedChannel } from './channels.ts';
import { runtime, shared } from './runtime.ts';
import { safely } from './safely.ts';

/** How many wait at most. */
const SIZE = 32;

const batches = shared('batches', () => new Set<() => void>());

/**
 * Gives the function that puts aside what is to be recorded and published on a channel: this is done together with others, when 32 wait and before any
 * value is read. For what takes many records: the application fills the processor's caches between them, so that apart they cost several times what they
 * cost in a row. `record` is told whether it has waited: nobody had subscribed then, so none but followers are to be told of it now.
 *
 * Nothing waits while somebody has subscribed, or somebody else's MeterProvider reports, whose histograms are recorded to and not read; nor does the first,
 * which mostly loads what no reading should have to wait for.
 */
export function inBatches<T>(
  channel: Pick<TypedChannel<unknown>, 'scope' | 'hasSubscribers'>,
  where: string,
  record: (one: T, hasWaited: boolean) => void,
): (one: T) => void {
  const { registry } = runtime;
  let waiting: T[] = [];
  let since = 0;
  let isFirst = true;
  const recordAll = (): void => {
    const batch = waiting;
    waiting = [];
    // What these records make begins before them.
    registry.since = since;
    for (const one of batch) safely(where, record, one, true);
    registry.since = undefined;
  };
  batches.add(recordAll);
  return (one) => {
    if (registry.isPaused(channel.scope)) return;
    if (isFirst || registry.destination !== undefined || channel.hasSubscribers) {
      isFirst = false;
      safely(where, record, one, false);
      return;
    }
    // There is something to deliver from now on.
    registry.noteRecord();
    if (waiting.length === 0) since = Date.now();
    waiting.push(one);
    if (waiting.length >= SIZE) recordAll();
  };
}

/** Records what waits; see `inBatches`. */
export function recordWaiting(): void {
  for (const recordAll of batches) recordAll();
}
