import type { MeterProvider } from '@opentelemetry/api';
import { ApiInstruments } from './api-instruments.ts';
import { recordWaiting } from './batch.ts';
import { outside } from './outside.ts';
import { readMetrics } from './read.ts';
import { runtime, shared } from './runtime.ts';
import { safely } from './safely.ts';
import { Snapshot } from './snapshot.ts';
import { isWithoutReaders } from './their-metrics.ts';
import { version } from './version.ts';

/** Where `@opentelemetry/api` 1.x keeps what is registered globally; read directly, so that the versions of its copies do not matter. */
const API = Symbol.for('opentelemetry.js.api.1');

/** The MeterProvider that the application has registered globally; undefined when there is none, or it is our own. */
export function globalMeterProvider(): MeterProvider | undefined {
  const provider = (globalThis as { [API]?: { readonly metrics?: MeterProvider } })[API]?.metrics;
  return provider !== undefined && isForeign(provider) ? provider : undefined;
}

/**
 * Lets a MeterProvider that is not ours report everything from now on, in place of our own exporters or of another one, which are left with what was
 * recorded so far. Returns whether it does; one that does nothing (the API's no-op, a provider that was shut down or has no reader) is left alone. Never throws.
 */
export function handOver(provider: MeterProvider): boolean {
  return (
    safely('hand-over', () => {
      const { registry } = runtime;
      if (!runtime.active || registry.destination?.provider === provider || !isForeign(provider)) return false;
      recordWaiting();
      const before = [registry.exporting, registry.destination].filter((one) => one !== undefined);
      const last = before.length > 0 ? new Snapshot(readMetrics()) : undefined;
      if (last !== undefined) for (const one of before) one.finish(last);
      const destination = new ApiInstruments(provider, last);
      destination.start(registry.instruments());
      registry.destination = destination;
      if (last === undefined) for (const { instrument, series, value } of registry.early ?? []) destination.measure(instrument, series, value);
      registry.early = undefined;
      registry.onHandOver?.();
      return true;
    }) === true
  );
}

/** How often a MeterProvider is looked for, in milliseconds. */
const LOOK_EVERY = 1000;

/** Hands over to the application's MeterProvider as soon as it has registered one globally; looks now and then, keeps nothing alive. */
export function watchForMeterProvider(): void {
  const look = (): boolean => {
    const provider = runtime.registry.destination === undefined ? globalMeterProvider() : undefined;
    if (provider !== undefined) handOver(provider);
    return runtime.registry.destination !== undefined;
  };
  const state = shared('meter provider', () => ({ isWatched: false }));
  if (!runtime.active || state.isWatched || safely('hand-over.look', look)) return;
  state.isWatched = true;
  outside(() => {
    const timer = setInterval(() => {
      if (safely('hand-over.look', look)) clearInterval(timer);
    }, LOOK_EVERY).unref();
  });
}

function isForeign(provider: MeterProvider): boolean {
  if (typeof provider?.getMeter !== 'function' || runtime.registry.exporting?.provider === provider) return false;
  return safely('hand-over.foreign', () => !isWithoutReaders(provider) && hasMeters(provider)) === true;
}

/** A provider that does nothing has one meter for all names. */
function hasMeters(provider: MeterProvider): boolean {
  return provider.getMeter('@tallyman/core', version) !== provider.getMeter('@tallyman/ai', version);
}
