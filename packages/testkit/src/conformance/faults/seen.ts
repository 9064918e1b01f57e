/** All that an application can tell of an error but its stack. */
export function seenError(error: unknown): unknown {
  if (!(error instanceof Error)) return { thrown: error };
  return { class: error.constructor.name, name: error.name, message: error.message, keys: Object.keys(error) };
}

/** What the work gives or throws. */
export async function settled(work: () => unknown): Promise<unknown> {
  try {
    return { value: await work() };
  } catch (error) {
    return seenError(error);
  }
}

/** What the work leaves rejected with nobody to handle it. */
export async function unhandledRejections(work: () => unknown): Promise<unknown[]> {
  const listeners = process.rawListeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  const rejected: unknown[] = [];
  process.on('unhandledRejection', (reason) => void rejected.push(seenError(reason)));
  try {
    await work();
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener as NodeJS.UnhandledRejectionListener);
  }
  return rejected;
}
