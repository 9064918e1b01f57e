import { type JsonObject, objectOf, objectsOf } from '../json.ts';
import type { Change, Statement, SubscriptionChange } from '../payments.ts';
import { evidenceOf, idOf } from './evidence.ts';

function changes(subscription: JsonObject, ...names: readonly SubscriptionChange[]): Statement[] {
  const evidence = evidenceOf(subscription);
  return names.length === 0 ? [{ kind: 'note', ...evidence }] : names.map((change): Change => ({ kind: 'subscription', change, ...evidence }));
}

const givesAccess = (status: unknown): boolean => status === 'active' || status === 'trialing';

/** Created, and activated at once unless its first payment is still to come. */
export function created(subscription: JsonObject): Statement[] {
  return givesAccess(subscription.status) ? changes(subscription, 'created', 'activated') : changes(subscription, 'created');
}

/** What the difference to before means. A renewal changes dates only: it is told of by its paid invoice. */
export function updated(subscription: JsonObject, event: JsonObject): Statement[] {
  const before = objectOf(objectOf(event.data).previous_attributes);
  const named = [...statusChange(before.status, subscription.status), ...collectionChange(before, subscription)];
  if (named.length === 0 && isOtherwiseChanged(before, subscription)) return changes(subscription, 'updated');
  return changes(subscription, ...named);
}

/** Ended, by whomever. */
export function deleted(subscription: JsonObject): Statement[] {
  return changes(subscription, 'cancelled');
}

/** A trial ended without a payment method. */
export function paused(subscription: JsonObject): Statement[] {
  return changes(subscription, 'paused');
}

/** No longer paused. */
export function resumed(subscription: JsonObject): Statement[] {
  return changes(subscription, 'resumed');
}

/** Stripe tells it three days before. */
export function trialEnding(subscription: JsonObject): Statement[] {
  return changes(subscription, 'trial_ending');
}

/** Pausing, resuming and cancelling have events of their own. */
function statusChange(before: unknown, now: unknown): SubscriptionChange[] {
  if (before === undefined || before === now) return [];
  if (before === 'incomplete' && givesAccess(now)) return ['activated'];
  if (now === 'past_due') return ['past_due'];
  return now === 'incomplete_expired' ? ['expired'] : [];
}

/** Collecting payments can be paused while the subscription goes on. */
function collectionChange(before: JsonObject, { pause_collection: now }: JsonObject): SubscriptionChange[] {
  if (!Object.hasOwn(before, 'pause_collection')) return [];
  const [wasPaused, isPaused] = [before.pause_collection, now].map((value) => value !== null && value !== undefined);
  if (wasPaused === isPaused) return [];
  return isPaused ? ['paused'] : ['resumed'];
}

function isOtherwiseChanged(before: JsonObject, subscription: JsonObject): boolean {
  if (['cancel_at_period_end', 'cancel_at'].some((member) => Object.hasOwn(before, member))) return true;
  if (Object.hasOwn(before, 'items')) return JSON.stringify(bought(before)) !== JSON.stringify(bought(subscription));
  return Object.hasOwn(before, 'plan') || Object.hasOwn(before, 'quantity');
}

/** Prices and quantities, without the dates that change in every period. */
function bought(subscription: JsonObject): unknown {
  return objectsOf(objectOf(subscription.items).data).map(({ price, plan, quantity }) => [idOf(price ?? plan), quantity]);
}
