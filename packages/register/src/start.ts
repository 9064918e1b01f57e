import { adapters as aiAdapters } from '@tallyman/ai';
import { installHook, runtime, safely, shared } from '@tallyman/core';
import { startFeatures } from '@tallyman/features';
import { adapters as httpAdapters, startHttp } from '@tallyman/http';
import { adapters as queueAdapters, startQueues } from '@tallyman/queues';
import { adapters as webhookAdapters } from '@tallyman/webhooks';
import { loadConfiguration } from './configuration-file.ts';
import { checkEnvironment, isEnabled } from './environment.ts';
import { startExport } from './export.ts';
import { resourceAttributes } from './identity.ts';
import { startTraces } from './traces.ts';
import { isDisabled, wantsTraces } from './variables.ts';

/** Starts Tallyman in this thread, once; a configuration that cannot be used leaves the application alone. */
export function start(): void {
  safely('register', () => {
    if (isDisabled() || !runtime.active) return;
    const state = shared('register', () => ({ isStarted: false }));
    if (state.isStarted) return;
    state.isStarted = true;
    const configuration = loadConfiguration();
    if (configuration === undefined) return;
    runtime.configuration = configuration;
    runtime.registry.caps = configuration.caps;
    const attributes = lazy(resourceAttributes);
    if (wantsTraces()) safely('register.traces', () => startTraces(attributes()));
    startDomains();
    startExport(attributes);
  });
}

function startDomains(): void {
  startQueues();
  if (isEnabled('http')) startHttp();
  startFeatures();
  const adapters = [...httpAdapters, ...aiAdapters, ...webhookAdapters, ...queueAdapters];
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
