import { type JsonObject, numberOf, objectOf, textOf } from '../json.ts';
import type { Statement } from '../payments.ts';
import type { VerifiedEvent } from '../settlement.ts';
import { evidenceOf } from './evidence.ts';
import * as purchases from './purchases.ts';
import * as subscriptions from './subscriptions.ts';

/** What an event of that type means, read from `data.object` of its snapshot. */
type Reader = (object: JsonObject, event: JsonObject) => Statement[];

const READERS: Readonly<Record<string, Reader>> = {
  'checkout.session.completed': purchases.paidSession,
  'checkout.session.async_payment_succeeded': purchases.paidSession,
  'checkout.session.async_payment_failed': purchases.failedSession,
  'payment_intent.succeeded': purchases.succeededIntent,
  'payment_intent.payment_failed': purchases.failedIntent,
  'charge.succeeded': purchases.capturedCharge,
  'charge.captured': purchases.capturedCharge,
  'charge.failed': purchases.failedCharge,
  'charge.refunded': purchases.refundedCharge,
  'charge.refund.updated': purchases.refund,
  'refund.created': purchases.refund,
  'refund.updated': purchases.refund,
  'charge.dispute.created': purchases.dispute,
  'charge.dispute.funds_withdrawn': purchases.dispute,
  'invoice.paid': purchases.paidInvoice,
  'invoice.payment_succeeded': purchases.paidInvoice,
  'invoice.payment_failed': purchases.failedInvoice,
  'invoice_payment.paid': purchases.paidInvoicePayment,
  'customer.subscription.created': subscriptions.created,
  'customer.subscription.updated': subscriptions.updated,
  'customer.subscription.deleted': subscriptions.deleted,
  'customer.subscription.paused': subscriptions.paused,
  'customer.subscription.resumed': subscriptions.resumed,
  'customer.subscription.trial_will_end': subscriptions.trialEnding,
};

/** Reads a verified payload: a snapshot event, or a thin one, which names neither amount nor plan and so means no money. */
export function readEvent(payload: string | undefined): VerifiedEvent {
  const event = objectOf(payload === undefined ? undefined : parsed(payload));
  const type = textOf(event.type);
  return { id: textOf(event.id), type, createdMs: createdMs(event.created), statements: type === undefined ? [] : statementsOf(type, event) };
}

/** The SDK reports a payload that is no JSON; to Tallyman it is an event without a type. */
function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

/** Seconds in a snapshot event, ISO 8601 in a thin one. */
function createdMs(created: unknown): number | undefined {
  const seconds = numberOf(created);
  if (seconds !== undefined) return seconds * 1000;
  const text = textOf(created);
  return text === undefined ? undefined : numberOf(Date.parse(text));
}

function statementsOf(type: string, event: JsonObject): Statement[] {
  const object = objectOf(objectOf(event.data).object);
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  return read?.(object, event) ?? [{ kind: 'note', ...evidenceOf(object) }];
}
