import { constants } from 'node:os';

/** Raises the signal whose flush is on its way: a second one, of whatever name, ends the process at once, as the first would have. */
let hurry: (() => void) | undefined;

/** By the number of the signal, while our listener is there: ends the process by it, unless somebody else listens too; tells whether it does. */
const ways = new Map<unknown, () => boolean>();

/**
 * A signal listener that exists only while nobody else's does. Libraries that re-raise a signal do so only as its sole listener: two of the kind would wait
 * for each other for ever. Without one the signal ends the process as ever, after `flush`; with another listener, whoever listens decides.
 */
export function listenWhileAlone(signal: NodeJS.Signals, flush: () => Promise<void> | undefined): void {
  const number = constants.signals[signal];
  const leave = (): void => {
    ways.delete(number);
    process.removeListener(signal, listener);
  };
  const enter = (): void => {
    if (ways.has(number) || process.listenerCount(signal) > 0) return;
    ways.set(number, end);
    process.on(signal, listener);
  };
  const raise = (): void => {
    hurry = undefined;
    leave();
    process.kill(process.pid, signal);
    // Process 1 of a container survives a signal that nobody listens to.
    setImmediate(enter);
  };
  const listener = (): void => {
    const flushed = hurry === undefined ? flush() : undefined;
    if (flushed === undefined) (hurry ?? raise)();
    else {
      hurry = raise;
      void flushed.then(raise);
    }
  };
  const end = (): boolean => {
    if (process.listenerCount(signal) > 1) return false;
    listener();
    return true;
  };
  process.on('newListener', (event, added) => {
    if (event !== signal || added === listener) return;
    // 'newListener' comes before the listener is in: leaving now could take Node's signal handle away from it.
    process.nextTick(() => {
      if (ways.has(number) && process.listenerCount(signal) > 1) leave();
    });
  });
  process.on('removeListener', (event, removed) => {
    if (event !== signal || (removed === listener && !ways.has(number))) return;
    if (removed === listener) ways.delete(number);
    enter();
  });
  if (ways.size === 0) raiseAtOnce();
  enter();
}

/**
 * A signal that a process sends itself ends it at once when nobody listens. With a listener it comes in a later turn of the event loop, and a process that
 * has nothing else to do, as at the end of a graceful shutdown, would have ended by itself until then, with another status. One that it sends to its whole
 * group is as any other.
 */
function raiseAtOnce(): void {
  const { kill } = process;
  const wrapped = {
    kill(this: unknown, pid: number, signal?: string | number): true {
      const number = constants.signals[(signal ?? 'SIGTERM') as NodeJS.Signals] ?? signal;
      return (Number(pid) === process.pid && ways.get(number)?.()) || kill.call(process, pid, signal);
    },
  };
  process.kill = wrapped.kill;
}
