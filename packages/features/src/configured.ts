import { channels, featureOfJob, featureOfRoute, type JobEvent, onRequestEnd, type RequestEnd, type RequestRecord, runtime } from '@tallyman/core';
import { recordUse } from './use.ts';

/** Counts requests to configured routes and jobs of configured queues as uses of their features. */
export function startConfiguredFeatures(): void {
  const configured = Object.values(runtime.configuration.features ?? {});
  if (configured.some(({ routes = [] }) => routes.length > 0)) onRequestEnd(requestEnded);
  if (configured.some(({ jobs = [] }) => jobs.length > 0)) channels.job.follow(jobEnded);
}

/**
 * The use has failed from status 400 on, since the user did not get what was asked for, and when the connection closed before the answer was complete.
 * One that goes on in a job is counted where that ends, whatever the answer was.
 */
function requestEnded({ route, continuedFeatures, attribution }: RequestRecord, { statusCode, durationSeconds }: RequestEnd): void {
  const feature = featureOfRoute(route);
  if (feature === undefined || continuedFeatures?.has(feature)) return;
  const isFailed = statusCode === undefined || statusCode >= 400;
  const errorType = statusCode === undefined ? 'aborted' : String(statusCode);
  recordUse({ feature, outcome: isFailed ? 'error' : 'ok', errorType: isFailed ? errorType : undefined, durationSeconds, attribution });
}

/** A job is a use when it ends for good; the duration is that of its last attempt. */
function jobEnded(event: JobEvent): void {
  const { queue, type, outcome } = event;
  const feature = featureOfJob(queue, type);
  if (feature === undefined || (outcome !== 'ok' && outcome !== 'error')) return;
  const { errorType, durationSeconds, requestId, run, user, session } = event;
  recordUse({ feature, outcome, errorType, durationSeconds, attribution: { feature: event.feature, requestId, run, user, session, job: { queue, type } } });
}
