import { observeRequests, runtime, shared } from '@tallyman/core';
import { startConfiguredFeatures } from './configured.ts';
import { startKpis } from './kpis.ts';
import { announceFeature } from './use.ts';
import { startUsers } from './users.ts';

export { type FeatureOptions, feature } from './use.ts';

/** Starts counting features and deriving KPIs, once per process; the configuration must be there. */
export function startFeatures(): void {
  const state = shared('features', () => ({ isStarted: false }));
  if (state.isStarted) return;
  state.isStarted = true;
  observeRequests();
  startKpis();
  startConfiguredFeatures();
  startUsers();
  for (const name of Object.keys(runtime.configuration.features ?? {})) announceFeature(name);
}
