/** Writes a line to stderr, prefixed `[tallyman] `; neither a missing nor a broken stderr reaches the application. */
export function writeLine(line: string): void {
  try {
    process.stderr.write(`[tallyman] ${line}\n`, ignoreError);
  } catch {
    // There is no other place to say it.
  }
}

/** A write that failed is told as an event right after this callback; without a listener it would end the process. */
function ignoreError(error?: Error | null): void {
  if (error && process.stderr.listenerCount('error') === 0) process.stderr.once('error', () => undefined);
}
