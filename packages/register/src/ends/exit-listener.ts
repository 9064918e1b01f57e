/**
 * Listens to `exit` as the first, because a listener of the application may call `process.exit`, which ends the process at once, and as the last, because
 * others may still record something. `deliver` takes the milliseconds that it may spend and tells whether all arrived; after a failure it is not called again.
 */
export function listenFirstAndLast(limitMs: () => number, deliver: (milliseconds: number) => boolean): void {
  let deadline: number | undefined;
  let isWorthwhile = true;
  const listener = (): void => {
    deadline ??= performance.now() + limitMs();
    if (isWorthwhile) isWorthwhile = deliver(deadline - performance.now());
  };
  const first = (): void => listener();
  const last = (): void => listener();
  let isEntering = false;
  let isScheduled = false;
  const enter = (): void => {
    isEntering = true;
    process.removeListener('exit', first).prependListener('exit', first);
    process.removeListener('exit', last).on('exit', last);
    isEntering = false;
  };
  const reenter = (event: string | symbol): void => {
    if (event !== 'exit' || isEntering || isScheduled) return;
    isScheduled = true;
    process.nextTick(() => {
      isScheduled = false;
      enter();
    });
  };
  // Ours must not be the two that make Node warn of too many.
  if (process.getMaxListeners() > 0) process.setMaxListeners(process.getMaxListeners() + 2);
  process.on('newListener', reenter).on('removeListener', reenter);
  enter();
}
