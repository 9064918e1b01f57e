import type { FeatureConfiguration } from './configuration.ts';
import type { RequestRecord } from './request.ts';
import { runtime } from './runtime.ts';
import { safely } from './safely.ts';

/** A use of a named feature that is going on. */
export interface FeatureUse {
  readonly feature: string;
  /** Set when a job of the same feature was enqueued: the use goes on there and is counted where it ends. */
  continued: boolean;
}

/** Who caused what runs now; a store is never changed, a nested one is made. */
export interface Attribution {
  /** The feature that code named, or that was named where this job was enqueued. */
  readonly feature?: string | undefined;
  readonly use?: FeatureUse | undefined;
  readonly request?: RequestRecord | undefined;
  /** Id of the HTTP request that enqueued this job; see `requestIdOf`. */
  readonly requestId?: string | undefined;
  readonly job?: { readonly queue: string; readonly type: string } | undefined;
  readonly run?: string | undefined;
  readonly user?: string | undefined;
  readonly session?: string | undefined;
}

/** The attribution of what runs now. */
export function currentAttribution(): Attribution | undefined {
  return runtime.attribution.getStore();
}

/** Runs the function, and all that it starts, with these members added to the current attribution. */
export function withAttribution<T>(members: Attribution, work: () => T): T {
  const store = runtime.attribution.getStore();
  return runtime.attribution.run(store === undefined ? members : { ...store, ...members }, work);
}

/** The configured feature of a route, written `METHOD /template`. */
export function featureOfRoute(route: string | undefined): string | undefined {
  return route === undefined ? undefined : safely('attribution.route', routeFeature, route);
}

/** The configured feature of a job. */
export function featureOfJob(queue: string, type: string): string | undefined {
  return safely('attribution.job', jobFeature, queue, type);
}

/** The configuration of a named feature. */
export function featureConfiguration(feature: string): FeatureConfiguration | undefined {
  return safely('attribution.configuration', configurationOf, feature);
}

function configurationOf(feature: string): FeatureConfiguration | undefined {
  const { features } = runtime.configuration;
  return features !== undefined && Object.hasOwn(features, feature) ? features[feature] : undefined;
}

/** The named feature that caused what runs now: explicit or carried, else configured for the job or the route. */
export function namedFeature(attribution = runtime.attribution.getStore()): string | undefined {
  if (attribution === undefined) return undefined;
  if (attribution.feature !== undefined) return attribution.feature;
  const { job, request } = attribution;
  return (job && featureOfJob(job.queue, job.type)) ?? featureOfRoute(request?.route);
}

/** The value of the attribute `feature` for what has that attribution: the named feature, else the job (`queue/jobtype`), else the route (`METHOD /template`). */
export function attributedFeature(attribution: Attribution | undefined): string | undefined {
  if (attribution === undefined) return undefined;
  const { job, request } = attribution;
  return namedFeature(attribution) ?? (job && `${job.queue}/${job.type}`) ?? request?.route;
}

/** Id of the HTTP request that runs now, or that enqueued the job that does. */
export function requestIdOf(attribution: Attribution | undefined): string | undefined {
  return attribution?.requestId ?? attribution?.request?.id;
}

/** What travels inside a job: the named feature, request id and run, as a short JSON text; undefined when there is nothing to carry. */
export function toCarrier(): string | undefined {
  const attribution = runtime.attribution.getStore();
  if (attribution === undefined) return undefined;
  const feature = namedFeature(attribution);
  const { run } = attribution;
  const requestId = requestIdOf(attribution);
  if (feature === undefined && requestId === undefined && run === undefined) return undefined;
  return JSON.stringify({ feature, requestId, run });
}

/** Reads what `toCarrier` wrote; anything else gives an empty attribution. */
export function fromCarrier(carrier: unknown): Attribution {
  if (typeof carrier !== 'string' || carrier.length > 1000) return {};
  try {
    const { feature, requestId, run } = JSON.parse(carrier) as Record<string, unknown>;
    return {
      ...(typeof feature === 'string' && { feature }),
      ...(typeof requestId === 'string' && { requestId }),
      ...(typeof run === 'string' && { run }),
    };
  } catch {
    return {};
  }
}

/** Tells the uses of that job's feature which are going on that they go on in the job; queue adapters call it when a job was enqueued. */
export function continueInJob(queue: string, type: string): void {
  const attribution = runtime.attribution.getStore();
  const feature = attribution && featureOfJob(queue, type);
  if (feature === undefined) return;
  if (attribution?.use?.feature === feature) attribution.use.continued = true;
  const request = attribution?.request;
  if (request === undefined) return;
  request.continuedFeatures ??= new Set();
  request.continuedFeatures.add(feature);
}

interface Lookup {
  readonly of: unknown;
  readonly routes: ReadonlyMap<string, string>;
  readonly jobs: ReadonlyMap<string, string>;
}

function routeFeature(route: string): string | undefined {
  return lookup().routes.get(route);
}

function jobFeature(queue: string, type: string): string | undefined {
  const { jobs } = lookup();
  if (jobs.size === 0) return undefined;
  return jobs.get(`${queue}/${type}`) ?? jobs.get(queue);
}

let cached: Lookup | undefined;

function lookup(): Lookup {
  const { features } = runtime.configuration;
  if (cached !== undefined && cached.of === features) return cached;
  const entries = Object.entries(features ?? {});
  cached = {
    of: features,
    routes: new Map(entries.flatMap(([feature, { routes = [] }]) => routes.map((route): [string, string] => [route, feature]))),
    jobs: new Map(entries.flatMap(([feature, { jobs = [] }]) => jobs.map((job): [string, string] => [job, feature]))),
  };
  return cached;
}
