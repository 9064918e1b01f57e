import { channel } from 'node:diagnostics_channel';
import { type Attribution, requestIdOf } from './attribution.ts';
import { runtime, shared } from './runtime.ts';
import { safely } from './safely.ts';

/** Billed tokens of one call: input includes cached ones, output includes reasoning; the others are subsets. */
export interface TokenUsage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
}

/** Who caused an event; see Attribution. Ids are for subscribers such as the ledger, never for labels. */
export interface EventAttribution {
  readonly feature: string | undefined;
  readonly requestId: string | undefined;
  readonly run: string | undefined;
  readonly user: string | undefined;
  readonly session: string | undefined;
  readonly job: { readonly queue: string; readonly type: string } | undefined;
}

/** One AI call, published when it has ended, on `tallyman:ai.call`. */
export interface AiCallEvent extends EventAttribution {
  readonly operation: string;
  readonly provider: string;
  readonly requestModel: string;
  readonly responseModel: string | undefined;
  readonly outcome: 'ok' | 'error' | 'aborted';
  readonly errorType: string | undefined;
  readonly streamed: boolean;
  readonly durationSeconds: number;
  /** Undefined when the provider reported none. */
  readonly usage: TokenUsage | undefined;
  /** Number of images that were generated. */
  readonly images: number;
  /** Undefined when no price is known. */
  readonly costUsd: number | undefined;
  readonly costSource: 'provider' | 'user' | 'table' | undefined;
}

/** Money that verified webhook events tell of, or a change of a subscription, published when it is counted, on `tallyman:payment`. */
export interface PaymentEvent {
  readonly kind: 'conversion' | 'failure' | 'refund' | 'dispute' | 'subscription';
  readonly provider: string;
  readonly method: string;
  readonly plan: string;
  /** ISO 4217 in lower case. */
  readonly currency: string | undefined;
  /** In major units of the currency. */
  readonly amount: number | undefined;
  readonly errorType: string | undefined;
  /** Of a subscription: what changed. */
  readonly change: string | undefined;
}

/** One webhook delivery, published when it was answered, on `tallyman:webhook.delivery`. */
export interface DeliveryEvent extends EventAttribution {
  readonly provider: string;
  readonly eventType: string;
  readonly outcome: 'accepted' | 'rejected' | 'failed' | 'aborted';
  readonly verification: 'sdk' | 'provider_api' | 'accepted' | 'rejected' | 'unknown';
  readonly duplicate: boolean;
  readonly durationSeconds: number;
}

/** One attempt of a job, published when it has ended, on `tallyman:queue.job`. */
export interface JobEvent extends EventAttribution {
  readonly queue: string;
  readonly type: string;
  readonly system: string;
  readonly outcome: 'ok' | 'error' | 'retry' | 'delayed' | 'rate_limited' | 'waiting' | 'waiting_children';
  readonly errorType: string | undefined;
  /** Of this attempt, in the handler. */
  readonly durationSeconds: number;
  /** From enqueueing to the first attempt; undefined for later attempts and where the library does not tell. */
  readonly waitSeconds: number | undefined;
}

/** One use of a named feature, published when it has ended, on `tallyman:feature.use`. */
export interface FeatureUseEvent extends EventAttribution {
  readonly outcome: 'ok' | 'error';
  readonly errorType: string | undefined;
  readonly version: string | undefined;
  readonly durationSeconds: number;
}

/** A diagnostics channel with the type of its messages. */
export interface TypedChannel<E> {
  readonly name: string;
  /** The instrumentation scope that publishes here. */
  readonly scope: string;
  /** Whether anybody has subscribed, and is to be told at once. */
  readonly hasSubscribers: boolean;
  /** Publishes; does nothing, and does not call `event`, while nobody listens. */
  publish(event: () => E): void;
  /** Tells followers alone. */
  tell(event: () => E): void;
  /** For listeners of ours that only record: they may be told later, so nothing is done earlier for their sake. What they throw is counted and goes no further. */
  follow(listener: (event: E) => void): void;
  /** Subscribes; what the listener throws is counted and goes no further. Returns the function that ends the subscription. */
  subscribe(listener: (event: E) => void): () => void;
}

/** While the scope is paused, nothing is published. */
function typed<E>(name: string, scope: string): TypedChannel<E> {
  const underlying = channel(name);
  const followers = shared(name, () => new Set<(event: E) => void>());
  const tell = (event: () => E): void => {
    if (followers.size === 0 || runtime.registry.isPaused(scope)) return;
    const told = event();
    for (const follower of followers) safely(name, follower, told);
  };
  return {
    name,
    scope,
    get hasSubscribers() {
      return underlying.hasSubscribers;
    },
    publish(event) {
      if (!underlying.hasSubscribers) {
        tell(event);
      } else if (!runtime.registry.isPaused(scope)) {
        const published = event();
        tell(() => published);
        underlying.publish(published);
      }
    },
    tell,
    follow: (listener) => void followers.add(listener),
    subscribe(listener) {
      const guarded = (message: unknown): void => void safely(name, listener, message as E);
      underlying.subscribe(guarded);
      return () => void underlying.unsubscribe(guarded);
    },
  };
}

/** Where the domains publish what they measured: for the KPIs, the ledger, and users' own code. */
export const channels = {
  aiCall: typed<AiCallEvent>('tallyman:ai.call', '@tallyman/ai'),
  delivery: typed<DeliveryEvent>('tallyman:webhook.delivery', '@tallyman/webhooks'),
  payment: typed<PaymentEvent>('tallyman:payment', '@tallyman/webhooks'),
  job: typed<JobEvent>('tallyman:queue.job', '@tallyman/queues'),
  featureUse: typed<FeatureUseEvent>('tallyman:feature.use', '@tallyman/features'),
} as const;

const NOBODY: EventAttribution = { feature: undefined, requestId: undefined, run: undefined, user: undefined, session: undefined, job: undefined };

/** The attribution members of an event; `feature` is what the domain put on its records. */
export function eventAttribution(attribution: Attribution | undefined, feature: string | undefined): EventAttribution {
  if (attribution === undefined && feature === undefined) return NOBODY;
  return {
    feature,
    requestId: requestIdOf(attribution),
    run: attribution?.run,
    user: attribution?.user,
    session: attribution?.session,
    job: attribution?.job,
  };
}
