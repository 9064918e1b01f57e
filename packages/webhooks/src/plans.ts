import { runtime } from '@tallyman/core';

/** What an event tells of the plan that was bought. */
export interface PlanEvidence {
  /** Whatever the configuration may call it by: price ids, product ids, and the names. */
  readonly keys: readonly string[];
  /** What the provider or the application calls it, best first; never an id. */
  readonly names: readonly string[];
}

/** The plan as configured, else as it is named; undefined when the evidence names none. */
export function planOf({ keys, names }: PlanEvidence): string | undefined {
  const plans = runtime.configuration.webhooks?.plans ?? {};
  const configured = [...keys, ...names].find((key) => Object.hasOwn(plans, key));
  return configured === undefined ? names[0] : plans[configured];
}
