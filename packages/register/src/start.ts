import { createRequire } from 'node:module';
import { adapters as aiAdapters } from '@tallyman/ai';
import { type Configuration, installHook, receiveAnnouncement, receiveRequestStart, runtime, safely } from '@tallyman/core';
import { startFeatures } from '@tallyman/features';
import { adapters as httpAdapters, startHttp } from '@tallyman/http';
import { adapters as queueAdapters, startQueues } from '@tallyman/queues';
import { adapters as webhookAdapters } from '@tallyman/webhooks';
import { startExport } from './export.ts';
import { resourceAttributes } from './identity.ts';
import { checkEnvironment, isEnabled, isTracking } from './settings/environment.ts';
import { text, wantsTraces } from './settings/variables.ts';
import { startDeclaredSdk } from './traces/declared-sdk.ts';
import { startTraces } from './traces/traces.ts';
import type { startTracking } from './track.ts';

const adapters = [...httpAdapters, ...aiAdapters, ...webhookAdapters, ...queueAdapters];

/** Starts measuring, once in a thread. Returns what takes a message that woke the preload on a diagnostics channel. */
export function startMeasuring(configuration: Configuration): (channel: string, message: unknown) => void {
  let isNeeded: () => void = () => undefined;
  safely('register', () => {
    if (!runtime.active) return;
    // What an instrumentation of the application was given before stays, part by part.
    runtime.configuration = { ...runtime.configuration, ...configuration };
    runtime.registry.caps = configuration.caps;
    const attributes = lazy(resourceAttributes);
    if (isTracking()) (createRequire(__filename)('./track.cjs') as { startTracking: typeof startTracking }).startTracking();
    if (text('OTEL_CONFIG_FILE') !== undefined) safely('register.declared', startDeclaredSdk);
    else if (wantsTraces()) safely('register.traces', () => startTraces(attributes));
    startDomains();
    isNeeded = startExport(attributes);
  });
  return (channel, message) => {
    if (channel === 'http.server.request.start') receiveRequestStart(message);
    const announcing = adapters.find((adapter) => adapter.announcements?.channel === channel);
    if (announcing?.announcements === undefined) isNeeded();
    else if (isEnabled(announcing.name)) receiveAnnouncement(announcing.announcements, message);
  };
}

function startDomains(): void {
  startQueues();
  if (isEnabled('http')) startHttp();
  startFeatures();
  checkEnvironment(['http', ...adapters.map(({ name }) => name)]);
  installHook(adapters.filter(({ name }) => isEnabled(name)));
}

function lazy<T>(make: () => T): () => T {
  let value: { readonly made: T } | undefined;
  return () => {
    value ??= { made: make() };
    return value.made;
  };
}
