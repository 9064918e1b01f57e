import { currentAttribution, currentRequest, observeRequests, onRequestEnd, onRequestStart, type RequestEnd, type RequestRecord, shared } from '@tallyman/core';
import { BoundedMap } from './bounded-map.ts';
import { countFailure, type Delivery, type FailureReason, type Outcome, settle, settleLate, type VerifiedEvent } from './settlement.ts';

/** How a provider's deliveries are recognised: by the name, in lower case, of the header that carries the signature. */
export interface Fingerprint {
  readonly provider: string;
  readonly header: string;
}

/** What a call of a provider's SDK found out about a delivery. */
export type Verification =
  | { readonly kind: 'verified'; readonly event: VerifiedEvent }
  | { readonly kind: 'failed'; readonly reason: FailureReason }
  | { readonly kind: 'unverified' };

/** Deliveries in flight that can be found by their signature. */
const IN_FLIGHT = 1000;

const state = shared('webhooks.deliveries', () => ({
  fingerprints: new Map<string, Fingerprint>(),
  byRequest: new WeakMap<RequestRecord, Delivery>(),
  bySignature: new BoundedMap<string, Delivery>(IN_FLIGHT),
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
