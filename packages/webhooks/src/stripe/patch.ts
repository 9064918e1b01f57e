import { runtime, safely } from '@tallyman/core';
import { reportVerification, type Verification } from '../delivery.ts';
import type { FailureReason } from '../settlement.ts';
import { readEvent } from './shapes.ts';

/** The value of `payment.provider` and `webhook.provider`. */
export const PROVIDER = 'stripe';

/** What an application may hand over as payload. */
type Payload = unknown;
/** `payload, header, secret, ...`: the arguments of the checks that matter here. */
type CheckArguments = [payload: Payload, header: unknown, secret: unknown, ...rest: unknown[]];

/** What is wrapped of `stripe.webhooks`. */
export interface StripeWebhooks {
  signature?: {
    verifyHeader?: (...args: CheckArguments) => unknown;
    verifyHeaderAsync?: (...args: CheckArguments) => Promise<unknown>;
  } | null;
  constructEventWithoutVerification?: (...args: unknown[]) => unknown;
}

/** Replaces `createWebhooks`: the same function, whose results are measured. */
export function replaceCreateWebhooks(createWebhooks: (...args: unknown[]) => StripeWebhooks): typeof createWebhooks {
  return like(createWebhooks, function (this: unknown, ...args) {
    const webhooks = createWebhooks.apply(this, args);
    patchWebhooks(webhooks);
    return webhooks;
  });
}

/**
 * Wraps the checks of the signature, once for each object. `constructEvent[Async]`, `parseEventNotification[Async]` and `parseThinEvent` call them as
 * members of `signature`, so one wrapper sees every way to verify, and none twice.
 */
export function patchWebhooks(webhooks: StripeWebhooks): void {
  safely('webhooks.patch', () => {
    const { signature } = webhooks;
    if (signature && !runtime.patched.has(signature)) {
      runtime.patched.add(signature);
      if (typeof signature.verifyHeader === 'function') signature.verifyHeader = observed(signature.verifyHeader);
      if (typeof signature.verifyHeaderAsync === 'function') signature.verifyHeaderAsync = observedAsync(signature.verifyHeaderAsync);
    }
    const parse = webhooks.constructEventWithoutVerification;
    if (typeof parse !== 'function' || runtime.patched.has(parse)) return;
    webhooks.constructEventWithoutVerification = observedParse(parse);
    runtime.patched.add(webhooks.constructEventWithoutVerification);
  });
}

type Check<R> = (this: unknown, ...args: CheckArguments) => R;

function observed<R>(verifyHeader: Check<R>): Check<R> {
  const wrapped = {
    verifyHeader(this: unknown, ...args: CheckArguments): R {
      let result: R;
      try {
        result = verifyHeader.apply(this, args);
      } catch (error) {
        reportFailed(args, error);
        throw error;
      }
      reportVerified(args);
      return result;
    },
  };
  return like(verifyHeader, wrapped.verifyHeader);
}

/** An async function, because V8 follows `await` from the error's stack to the application's frames, and callbacks of `then` not. */
function observedAsync<R>(verifyHeaderAsync: Check<Promise<R>>): Check<Promise<R>> {
  return like(verifyHeaderAsync, async function (...args) {
    let result: R;
    try {
      result = await verifyHeaderAsync.apply(this, args);
    } catch (error) {
      reportFailed(args, error);
      throw error;
    }
    reportVerified(args);
    return result;
  });
}

function observedParse<A extends unknown[], R>(parse: (this: unknown, ...args: A) => R): typeof parse {
  const wrapped = {
    constructEventWithoutVerification(this: unknown, ...args: A): R {
      const result = parse.apply(this, args);
      report(undefined, () => ({ kind: 'unverified' }));
      return result;
    },
  };
  return like(parse, wrapped.constructEventWithoutVerification);
}

/** The wrapper with the original's name, length and own properties; the original where it cannot be given them. */
function like<F extends (...args: never[]) => unknown>(original: F, wrapper: F): F {
  return safely('webhooks.shape', () => Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original))) ?? original;
}

function report(header: unknown, verification: () => Verification): void {
  safely('webhooks.verification', () => reportVerification(PROVIDER, header === undefined ? undefined : decoded(header), verification()));
}

function reportVerified([payload, header]: CheckArguments): void {
  report(header, () => ({ kind: 'verified', event: readEvent(decoded(payload)) }));
}

function reportFailed([, header, secret]: CheckArguments, error: unknown): void {
  report(header, () => ({ kind: 'failed', reason: failureReason(error, secret) }));
}

function decoded(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return typeof value === 'string' ? value : undefined;
}

/** What Stripe's messages begin with or say, in its own words of versions 17 to 23. */
const REASONS: readonly (readonly [RegExp, FailureReason])[] = [
  [/^No stripe-signature header value/, 'missing_header'],
  [/^Unable to extract timestamp|^No signatures found with expected scheme|An array was passed as a header|^No webhook payload/, 'malformed'],
  [/provided as a parsed JavaScript object|must be provided as a string or a Buffer/, 'parsed_body'],
  [/^Timestamp outside the tolerance zone/, 'timestamp'],
  [/^No webhook secret value/, 'no_secret'],
];

/** Version 17 has no word for a missing secret: it fails in the HMAC, or with an empty one finds no match. */
function failureReason(error: unknown, secret: unknown): FailureReason {
  const message = error instanceof Error ? error.message : '';
  const named = REASONS.find(([pattern]) => pattern.test(message))?.[1];
  if (named !== undefined) return named;
  if (typeof secret !== 'string' || secret.trim() === '') return 'no_secret';
  return /^No signatures found matching/.test(message) ? 'mismatch' : 'other';
}
