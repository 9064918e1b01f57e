import { type AttributesOf, webhookMetrics } from '@tallyman/catalog';
import {
  type Attribution,
  attributedFeature,
  bindMetrics,
  channels,
  currentAttribution,
  currentRequest,
  eventAttribution,
  observeRequests,
  onRequestEnd,
  onRequestStart,
  type PaymentEvent,
  type RequestEnd,
  type RequestRecord,
  shared,
} from '@tallyman/core';
import { BoundedMap } from './bounded-map.ts';
import { recordStatements, type Statement } from './payments.ts';

type Received = AttributesOf<typeof webhookMetrics.received>;
/** How the application answered. */
export type Outcome = Received['outcome'];
/** Why a signature check failed. */
export type FailureReason = AttributesOf<typeof webhookMetrics.verificationFailures>['reason'];

/** How a provider's deliveries are recognised: by the name, in lower case, of the header that carries the signature. */
export interface Fingerprint {
  readonly provider: string;
  readonly header: string;
}

/** An event whose signature was checked. */
export interface VerifiedEvent {
  /** The provider's id of the event, the same for each delivery of it. */
  readonly id: string | undefined;
  readonly type: string | undefined;
  /** Milliseconds since the epoch. */
  readonly createdMs: number | undefined;
  readonly statements: readonly Statement[];
}

/** What a call of a provider's SDK found out about a delivery. */
export type Verification =
  | { readonly kind: 'verified'; readonly event: VerifiedEvent }
  | { readonly kind: 'failed'; readonly reason: FailureReason }
  | { readonly kind: 'unverified' };

/** A delivery from the start of its request to its end. */
interface Delivery {
  readonly provider: string;
  /** Value of the header that carries the signature. */
  readonly signature: string | undefined;
  readonly receivedMs: number;
  event: VerifiedEvent | undefined;
  failure: FailureReason | undefined;
  /** Set when the request has ended. */
  outcome: Outcome | undefined;
}

/** Deliveries in flight that can be found by their signature. */
const IN_FLIGHT = 1000;
/** Events remembered as accepted. */
const REMEMBERED = 10_000;
const UNVERIFIED = '_unverified';

const record = bindMetrics(webhookMetrics);
const state = shared('webhooks.deliveries', () => ({
  fingerprints: new Map<string, Fingerprint>(),
  byRequest: new WeakMap<RequestRecord, Delivery>(),
  bySignature: new BoundedMap<string, Delivery>(IN_FLIGHT),
  accepted: new BoundedMap<string, true>(REMEMBERED),
  observing: false,
}));

/** Recognises the deliveries of a provider among the requests that this process serves. */
export function observeDeliveries(fingerprint: Fingerprint): void {
  state.fingerprints.set(fingerprint.header, fingerprint);
  if (state.observing) return;
  state.observing = true;
  observeRequests();
  onRequestStart(begin);
  onRequestEnd(end);
}

/**
 * Tells that a provider's SDK was asked to check a delivery.
 * The delivery is the request in flight with that signature, else the request that runs now. What is checked in no request, such as in a queue
 * worker or a cloud function, counts as accepted at once: there is no answer to wait for.
 */
export function reportVerification(provider: string, signature: string | undefined, verification: Verification): void {
  const delivery = deliveryOf(provider, signature);
  if (delivery === undefined) {
    const alone = create(provider, signature, Date.now());
    apply(alone, verification);
    settle(alone, 'accepted', undefined, currentAttribution());
    return;
  }
  const isFirst = delivery.event === undefined && verification.kind === 'verified';
  if (delivery.outcome === undefined) apply(delivery, verification);
  else if (verification.kind === 'failed') countFailure(provider, verification.reason);
  else if (isFirst) settleLate(delivery, verification.event, delivery.outcome);
}

function apply(delivery: Delivery, verification: Verification): void {
  if (verification.kind === 'verified') delivery.event ??= verification.event;
  else if (verification.kind === 'failed') delivery.failure = verification.reason;
}

function create(provider: string, signature: string | undefined, receivedMs: number): Delivery {
  return { provider, signature, receivedMs, event: undefined, failure: undefined, outcome: undefined };
}

function begin(request: RequestRecord): void {
  if (request.method !== 'POST') return;
  const { headers } = request.request;
  for (const { provider, header } of state.fingerprints.values()) {
    const signature = headers[header];
    if (typeof signature !== 'string') continue;
    const delivery = create(provider, signature, Date.now());
    state.byRequest.set(request, delivery);
    state.bySignature.set(`${provider} ${signature}`, delivery);
    return;
  }
}

/** The signature finds deliveries whose handler runs outside the request's context, such as in a listener that was bound elsewhere. */
function deliveryOf(provider: string, signature: string | undefined): Delivery | undefined {
  const request = currentRequest();
  const current = request && state.byRequest.get(request);
  if (current?.provider === provider && current.signature === signature) return current;
  const signed = signature === undefined ? undefined : state.bySignature.get(`${provider} ${signature}`);
  if (signed !== undefined) return signed;
  if (current?.provider === provider) return current;
  if (request === undefined || request.response.writableFinished || request.response.destroyed) return undefined;
  const unannounced = create(provider, signature, Date.now() - (performance.now() - request.startTime));
  state.byRequest.set(request, unannounced);
  return unannounced;
}

function end(request: RequestRecord, { durationSeconds, statusCode, aborted }: RequestEnd): void {
  const delivery = state.byRequest.get(request);
  if (delivery === undefined) return;
  const { provider, signature } = delivery;
  delivery.outcome = aborted ? 'aborted' : outcomeOf(statusCode);
  const key = `${provider} ${signature}`;
  if (signature !== undefined && state.bySignature.get(key) === delivery) state.bySignature.delete(key);
  settle(delivery, delivery.outcome, durationSeconds, request.attribution);
}

function outcomeOf(statusCode: number | undefined): Outcome {
  if (statusCode === undefined) return 'aborted';
  if (statusCode >= 500) return 'failed';
  return statusCode >= 200 && statusCode < 300 ? 'accepted' : 'rejected';
}

/** A forged delivery leaves one trace, its failed verification, so that nobody can move other numbers by sending requests. */
function settle(delivery: Delivery, outcome: Outcome, durationSeconds: number | undefined, attribution: Attribution | undefined): void {
  const { provider, event, failure } = delivery;
  if (event === undefined && failure !== undefined) return countFailure(provider, failure);
  const verification: Received['webhook.verification'] = event === undefined ? proofBy(outcome, durationSeconds !== undefined) : 'sdk';
  const eventType = event === undefined ? UNVERIFIED : (event.type ?? '_OTHER');
  record.received(1, { 'webhook.provider': provider, 'webhook.event_type': eventType, outcome, 'webhook.verification': verification });
  if (durationSeconds !== undefined) record.duration(durationSeconds, { 'webhook.provider': provider, outcome });
  const { duplicate, payments } = event === undefined ? { duplicate: false, payments: [] } : countEvent(delivery, event, outcome);
  channels.delivery.publish(() => ({
    ...eventAttribution(attribution, attributedFeature(attribution)),
    provider,
    eventType,
    outcome,
    verification,
    duplicate,
    durationSeconds: durationSeconds ?? 0,
    payments,
  }));
}

/** What the answer proves of a delivery that no SDK has verified: a correct handler refuses forgeries. */
function proofBy(outcome: Outcome, wasAnswered: boolean): Received['webhook.verification'] {
  return wasAnswered && (outcome === 'accepted' || outcome === 'rejected') ? outcome : 'unknown';
}

/** Verified after its answer: already counted as received, so only what the event means is left. */
function settleLate(delivery: Delivery, event: VerifiedEvent, outcome: Outcome): void {
  delivery.event = event;
  countEvent(delivery, event, outcome);
}

function countEvent(
  { provider, receivedMs }: Delivery,
  event: VerifiedEvent,
  outcome: Outcome,
): { readonly duplicate: boolean; readonly payments: readonly PaymentEvent[] } {
  if (event.createdMs !== undefined) record.lag((receivedMs - event.createdMs) / 1000, { 'webhook.provider': provider });
  const key = `${provider} ${event.id}`;
  const duplicate = event.id !== undefined && state.accepted.get(key) === true;
  if (duplicate) record.duplicates(1, { 'webhook.provider': provider });
  if (duplicate || outcome !== 'accepted') return { duplicate, payments: [] };
  if (event.id !== undefined) state.accepted.set(key, true);
  return { duplicate, payments: recordStatements(provider, event.statements) };
}

function countFailure(provider: string, reason: FailureReason): void {
  record.verificationFailures(1, { 'webhook.provider': provider, reason });
}
