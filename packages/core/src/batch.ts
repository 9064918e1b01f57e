import type { TypedChannel } from './channels.ts';
import { runtime } from './runtime.ts';
import { safely } from './safely.ts';

/** How many wait at most. */
const SIZE = 32;

/**
 * Gives the function that puts aside what is to be recorded and published on a channel: this is done together with others, when 32 wait and before any
 * value is read. For what takes many records: the application fills the processor's caches between them, so that apart they cost several times what they
 * cost in a row. Nothing waits while somebody has subscribed, or somebody else's MeterProvider reports, whose histograms are recorded to and not read; nor
 * does the first, for which things are loaded that no reading should have to wait for.
 */
export function inBatches<T>(channel: Pick<TypedChannel<unknown>, 'scope' | 'hasSubscribers'>, where: string, record: (one: T) => void): (one: T) => void {
  let waiting: T[] = [];
  let isFirst = true;
  const recordAll = (): void => {
    const batch = waiting;
    waiting = [];
    for (const one of batch) safely(where, record, one);
  };
  runtime.beforeRead.add(recordAll);
  return (one) => {
    const { registry } = runtime;
    if (registry.isPaused(channel.scope)) return;
    // There is something to deliver from now on.
    registry.noteRecord();
    waiting.push(one);
    if (isFirst || waiting.length >= SIZE || registry.destination !== undefined || channel.hasSubscribers) recordAll();
    isFirst = false;
  };
}
