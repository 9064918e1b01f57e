/** Raises the signal whose flush is on its way: a second one, of whatever name, ends the process at once, as the first would have. */
let hurry: (() => void) | undefined;

/**
 * A signal listener that exists only while nobody else's does. Libraries that re-raise a signal do so only as its sole listener: two of the kind would wait
 * for each other for ever. Without one the signal ends the process as ever, after `flush`; with another listener, whoever listens decides.
 */
export function listenWhileAlone(signal: NodeJS.Signals, flush: () => Promise<void> | undefined): void {
  let isListening = false;
  const leave = (): void => {
    isListening = false;
    process.removeListener(signal, listener);
  };
  const enter = (): void => {
    if (isListening || process.listenerCount(signal) > 0) return;
    isListening = true;
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
  process.on('newListener', (event, added) => {
    if (event !== signal || added === listener) return;
    // 'newListener' comes before the listener is in: leaving now could take Node's signal handle away from it.
    process.nextTick(() => {
      if (isListening && process.listenerCount(signal) > 1) leave();
    });
  });
  process.on('removeListener', (event, removed) => {
    if (event !== signal || (removed === listener && !isListening)) return;
    if (removed === listener) isListening = false;
    enter();
  });
  enter();
}
