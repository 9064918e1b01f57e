import { aiMetrics } from './ai.ts';
import { aliases } from './aliases.ts';
import type { AliasSpec, Metric } from './define.ts';
import { featureMetrics } from './features.ts';
import { httpMetrics } from './http.ts';
import { processMetrics } from './process.ts';
import { queueMetrics } from './queues.ts';
import { selfMetrics } from './self.ts';
import { webhookMetrics } from './webhooks.ts';

export { OTHER } from './attributes.ts';
export * from './define.ts';
export * from './prometheus.ts';
export { aiMetrics, aliases, featureMetrics, httpMetrics, processMetrics, queueMetrics, selfMetrics, webhookMetrics };

/** The groups by the name of their domain. */
export const groups = {
  ai: aiMetrics,
  webhooks: webhookMetrics,
  queues: queueMetrics,
  http: httpMetrics,
  features: featureMetrics,
  process: processMetrics,
  self: selfMetrics,
} as const;

/** Every metric that is recorded, in the order of the groups. */
export const allMetrics: readonly Metric[] = Object.values(groups).flatMap((group): Metric[] => Object.values(group));

/** Every alias, as its declaration. */
export const allAliases: readonly (AliasSpec & Metric)[] = Object.values(aliases) as unknown as readonly (AliasSpec & Metric)[];
