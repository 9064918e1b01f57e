import { featureMetrics } from '@tallyman/catalog';
import {
  type Attribution,
  bindMetrics,
  channels,
  currentAttribution,
  errorType,
  eventAttribution,
  type FeatureUse,
  featureConfiguration,
  featureOfJob,
  featureOfRoute,
  safely,
  withAttribution,
} from '@tallyman/core';
import { type End, endWith } from './ending.ts';

const record = bindMetrics(featureMetrics);

/** What is known of a use when it has ended. */
export interface EndedUse {
  readonly feature: string;
  readonly version?: string | undefined;
  readonly outcome: 'ok' | 'error';
  readonly errorType?: string | undefined;
  readonly durationSeconds: number;
  readonly attribution: Attribution | undefined;
}

/** Records one use of a named feature and publishes it. */
export function recordUse({
  feature,
  version = featureConfiguration(feature)?.version,
  outcome,
  errorType: type,
  durationSeconds,
  attribution,
}: EndedUse): void {
  const attributes = { feature, outcome, 'feature.version': version } as const;
  record.usage(1, attributes);
  record.duration(durationSeconds, attributes);
  if (outcome === 'error') record.errors(1, { feature, 'error.type': type ?? '_OTHER' });
  channels.featureUse.publish(() => ({ ...eventAttribution(attribution, feature), outcome, errorType: type, version, durationSeconds }));
}

/** Makes the series of a named feature exist before its first use. */
export function announceFeature(feature: string): void {
  const version = featureConfiguration(feature)?.version;
  record.usage(0, { feature, outcome: 'ok', 'feature.version': version });
  record.errors(0, { feature, 'error.type': '_OTHER' });
}

/** Whether a use of the feature is already going on: one use is counted once, however many of its parts are named. */
function isGoingOn(feature: string, attribution: Attribution | undefined): boolean {
  if (attribution === undefined) return false;
  const { use, job, request } = attribution;
  if (use?.feature === feature) return true;
  return job === undefined ? featureOfRoute(request?.route) === feature : featureOfJob(job.queue, job.type) === feature;
}

/** Options of a use in code. */
export interface FeatureOptions {
  /** Value of `feature.version`; the configured one unless given. */
  readonly version?: string | undefined;
}

/**
 * Runs the function as a use of a feature: counts it, measures it, and attributes all that it causes to the feature.
 * Returns what the function returns; a promise that rejects makes the use a failure and rejects with the identical error.
 */
export function feature<T>(name: string, work: () => T): T;
/** The same with options. */
export function feature<T>(name: string, options: FeatureOptions, work: () => T): T;
export function feature<T>(name: string, ...rest: [() => T] | [FeatureOptions, () => T]): T {
  const [options, work] = rest.length === 1 ? [{}, rest[0]] : rest;
  const attribution = currentAttribution();
  if (safely('features.nested', isGoingOn, name, attribution) ?? true) return withAttribution({ feature: name }, work);
  const use: FeatureUse = { feature: name, continued: false };
  const startTime = performance.now();
  const end: End = (outcome, error) =>
    void safely('features.use', () => {
      // It goes on in a job, and is counted where that ends.
      if (use.continued) return;
      const durationSeconds = Math.max(performance.now() - startTime, 0) / 1000;
      recordUse({ feature: name, ...options, outcome, errorType: outcome === 'error' ? errorType(error) : undefined, durationSeconds, attribution });
    });
  let result: T;
  try {
    result = withAttribution({ feature: name, use }, work);
  } catch (error) {
    end('error', error);
    throw error;
  }
  return endWith(result, end);
}
