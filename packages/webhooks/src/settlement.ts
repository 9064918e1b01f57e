import { type AttributesOf, OTHER, webhookMetrics } from '@tallyman/catalog';
import { type Attribution, attributedFeature, bindMetrics, channels, eventAttribution, shared } from '@tallyman/core';
import { BoundedMap } from './bounded-map.ts';
import { recordStatements, type Statement } from './payments.ts';

type Received = AttributesOf<typeof webhookMetrics.received>;
/** How the application answered. */
export type Outcome = Received['outcome'];
/** Why a signature check failed. */
export type FailureReason = AttributesOf<typeof webhookMetrics.verificationFailures>['reason'];

/** An event whose signature was checked. */
export interface VerifiedEvent {
  /** The provider's id of the event, the same for each delivery of it. */
  readonly id: string | undefined;
  readonly type: string | undefined;
  /** Milliseconds since the epoch. */
  readonly createdMs: number | undefined;
  readonly statements: readonly Statement[];
}

/** A delivery from the start of its request to its end. */
export interface Delivery {
  readonly provider: string;
  /** Value of the header that carries the signature. */
  readonly signature: string | undefined;
  readonly receivedMs: number;
  event: VerifiedEvent | undefined;
  failure: FailureReason | undefined;
  /** Set when the request has ended. */
  outcome: Outcome | undefined;
}

/** Events remembered as accepted. */
const REMEMBERED = 10_000;
const UNVERIFIED = '_unverified';

const record = bindMetrics(webhookMetrics);
const accepted = shared('webhooks.accepted', () => new BoundedMap<string, true>(REMEMBERED));

/**
 * Counts a delivery when its answer is known; `durationSeconds` is undefined where there was no request.
 * A forged delivery leaves one trace, its failed verification, so that nobody can move other numbers by sending requests.
 */
export function settle(delivery: Delivery, outcome: Outcome, durationSeconds: number | undefined, attribution: Attribution | undefined): void {
  const { provider, event, failure } = delivery;
  if (event === undefined && failure !== undefined) {
    countFailure(provider, failure);
    return;
  }
  const verification: Received['webhook.verification'] = event === undefined ? proofBy(outcome, durationSeconds !== undefined) : 'sdk';
  const eventType = event === undefined ? UNVERIFIED : (event.type ?? OTHER);
  record.received(1, { 'webhook.provider': provider, 'webhook.event_type': eventType, outcome, 'webhook.verification': verification });
  if (durationSeconds !== undefined) record.duration(durationSeconds, { 'webhook.provider': provider, outcome });
  const duplicate = event !== undefined && countEvent(delivery, event, outcome);
  channels.delivery.publish(() => ({
    ...eventAttribution(attribution, attributedFeature(attribution)),
    provider,
    eventType,
    outcome,
    verification,
    duplicate,
    durationSeconds: durationSeconds ?? 0,
  }));
}

/** What the answer proves of a delivery that no SDK has verified: a correct handler refuses forgeries. */
function proofBy(outcome: Outcome, wasAnswered: boolean): Received['webhook.verification'] {
  return wasAnswered && (outcome === 'accepted' || outcome === 'rejected') ? outcome : 'unknown';
}

/** Counts what was verified after its answer: it is already counted as received, so what the event means is left. */
export function settleLate(delivery: Delivery, event: VerifiedEvent, outcome: Outcome): void {
  delivery.event = event;
  countEvent(delivery, event, outcome);
}

/** Counts what a verified event means once it is accepted; tells whether it had been accepted before. */
function countEvent({ provider, receivedMs }: Delivery, event: VerifiedEvent, outcome: Outcome): boolean {
  if (event.createdMs !== undefined) record.lag((receivedMs - event.createdMs) / 1000, { 'webhook.provider': provider });
  const key = `${provider} ${event.id}`;
  const duplicate = event.id !== undefined && accepted.get(key) === true;
  if (duplicate) record.duplicates(1, { 'webhook.provider': provider });
  if (duplicate || outcome !== 'accepted') return duplicate;
  if (event.id !== undefined) accepted.set(key, true);
  recordStatements(provider, event.statements);
  return false;
}

/** Counts a check that failed. */
export function countFailure(provider: string, reason: FailureReason): void {
  record.verificationFailures(1, { 'webhook.provider': provider, reason });
}
