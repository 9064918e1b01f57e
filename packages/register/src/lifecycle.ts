import { channel } from 'node:diagnostics_channel';
import { runtime, safely } from '@tallyman/core';

/** Calls `notice` at the first record or the first listening HTTP server, and `start` once soon after it, from a timer that keeps nothing alive. */
export function onFirstNeed(start: () => void, notice: () => void): void {
  let scheduled = false;
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    safely('register.start', notice);
    setTimeout(() => safely('register.start', start), 10).unref();
  };
  if (runtime.registry.changes > 0) schedule();
  runtime.registry.onFirstRecord = schedule;
  channel('tracing:net.server.listen:asyncStart').subscribe((message) => {
    // Plain net servers are announced here too; only HTTP servers have this property, and node:http must not be loaded to tell.
    if ('headersTimeout' in ((message as { server?: object }).server ?? {})) schedule();
  });
}

/** Calls `flush` when the process ends by itself, by `process.exit` or by an uncaught error, and on signals that nobody else handles. */
export function onEnd(flush: () => void): void {
  const guarded = (): void => void safely('register.flush', flush);
  process.on('exit', guarded);
  if (process.platform === 'win32') return;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) yieldingListener(signal, guarded);
}

/**
 * A signal listener that exists only while nobody else's does. Libraries that re-raise a signal do so only as its sole listener:
 * two of the kind would wait for each other for ever. With another listener, `exit` delivers instead.
 */
function yieldingListener(signal: NodeJS.Signals, flush: () => void): void {
  let isListening = false;
  const listener = (): void => {
    flush();
    isListening = false;
    done = true;
    process.removeListener(signal, listener);
    process.kill(process.pid, signal);
  };
  let done = false;
  const listen = (): void => {
    if (isListening || done) return;
    isListening = true;
    process.on(signal, listener);
  };
  process.on('newListener', (event, added) => {
    if (event !== signal || added === listener) return;
    // 'newListener' comes before the listener is in: leaving now could take Node's signal handle away from it.
    process.nextTick(() => {
      if (!isListening || process.listenerCount(signal) < 2) return;
      isListening = false;
      process.removeListener(signal, listener);
    });
  });
  process.on('removeListener', (event, removed) => {
    if (event === signal && removed !== listener && process.listenerCount(signal) === 0) listen();
  });
  listen();
}
