import { OTHER } from '@tallyman/catalog';
import type { Money } from '../currencies.ts';
import { type JsonObject, numberOf, objectOf, objectsOf, textOf } from '../json.ts';
import type { Sighting } from '../occurrences.ts';
import type { Conversion, Failure, Statement } from '../payments.ts';
import { evidenceOf, idOf, idsOf, subscriptionOf } from './evidence.ts';

/**
 * Where Stripe's decimals differ from ISO 4217 (docs.stripe.com/currencies, "Zero-decimal currencies" and "Special cases"):
 * whole amounts of ISK and UGX are still written with two decimals, MGA is written without.
 */
const DECIMALS: Readonly<Record<string, number>> = { isk: 2, ugx: 2, mga: 0 };

/** An amount without a currency is none. */
function moneyOf(minor: unknown, currency: unknown): Money {
  const code = textOf(currency)?.toLowerCase();
  if (code === undefined) return { minor: 0, currency: '' };
  return { minor: numberOf(minor) ?? 0, currency: code, decimals: Object.hasOwn(DECIMALS, code) ? DECIMALS[code] : undefined };
}

/** Tells nothing but plan and method. */
function note(object: JsonObject): Statement[] {
  return [{ kind: 'note', ...evidenceOf(object) }];
}

/**
 * Since API 2025-03-31 no identifier leads from an invoice's events to those of its payment intent and charge, unless the application asks the API.
 * What they share is the customer, the amount, and the moment.
 */
function kinOf(object: JsonObject, { minor, currency }: Money, event: JsonObject, side: string, ...further: readonly string[]): Sighting['kin'] {
  const customer = idOf(object.customer) ?? idOf(object.customer_account);
  const keys = [...(customer === undefined ? [] : [`${customer} ${currency} ${minor}`]), ...further];
  return keys.length === 0 ? undefined : { keys, side, atMs: (numberOf(event.created) ?? 0) * 1000 };
}

function conversion(object: JsonObject, amount: Money, purchase: Sighting): Conversion {
  return { kind: 'conversion', ...evidenceOf(object), amount, purchase };
}

/** A session that is not paid has a trial, saves a card, or waits for the bank. */
export function paidSession(session: JsonObject, event: JsonObject): Statement[] {
  if (session.payment_status !== 'paid') return note(session);
  const amount = moneyOf(session.amount_total, session.currency);
  const ids = idsOf(session.id, session.payment_intent, session.invoice);
  const isBilled = idOf(session.invoice) !== undefined && idOf(session.payment_intent) === undefined;
  return [conversion(session, amount, { ids, kin: isBilled ? kinOf(session, amount, event, 'invoice') : undefined })];
}

/** A payment intent that has received its money. */
export function succeededIntent(intent: JsonObject, event: JsonObject): Statement[] {
  const amount = moneyOf(intent.amount_received ?? intent.amount, intent.currency);
  const ids = idsOf(intent.id, intent.latest_charge, intent.invoice);
  return [conversion(intent, amount, { ids, kin: kinOf(intent, amount, event, 'intent') })];
}

/** A charge is money only once it is captured. */
export function capturedCharge(charge: JsonObject, event: JsonObject): Statement[] {
  if (charge.captured !== true) return note(charge);
  const amount = moneyOf(charge.amount_captured ?? charge.amount, charge.currency);
  const ids = idsOf(charge.id, charge.payment_intent, charge.invoice);
  return [conversion(charge, amount, { ids, kin: kinOf(charge, amount, event, 'intent') })];
}

/** A paid invoice; one of a billing cycle is a renewal too. */
export function paidInvoice(invoice: JsonObject, event: JsonObject): Statement[] {
  const amount = moneyOf(invoice.amount_paid, invoice.currency);
  const payments = objectsOf(objectOf(invoice.payments).data).map(({ payment }) => objectOf(payment));
  const ids = idsOf(invoice.id, invoice.payment_intent, invoice.charge, ...payments.flatMap((payment) => [payment.payment_intent, payment.charge]));
  const paid = conversion(invoice, amount, { ids, kin: kinOf(invoice, amount, event, 'invoice') });
  if (invoice.billing_reason !== 'subscription_cycle' || idOf(subscriptionOf(invoice)) === undefined) return [paid];
  return [paid, { kind: 'subscription', change: 'renewed', sighting: { ids: idsOf(invoice.id) }, ...evidenceOf(invoice) }];
}

/** The one event that names both an invoice and its payment intent. */
export function paidInvoicePayment(part: JsonObject): Statement[] {
  const payment = objectOf(part.payment);
  const ids = idsOf(part.invoice, payment.payment_intent, payment.charge);
  return [{ kind: 'conversion', links: ids, amount: moneyOf(part.amount_paid, part.currency), purchase: { ids } }];
}

function failure(object: JsonObject, attempt: Sighting, ...codes: readonly unknown[]): Failure {
  const errorType = codes.map(textOf).find((code) => code !== undefined) ?? OTHER;
  return { kind: 'failure', ...evidenceOf(object), attempt, errorType };
}

/** Each attempt has a charge of its own, except one that the bank has not seen. */
export function failedIntent(intent: JsonObject, event: JsonObject): Statement[] {
  const error = objectOf(intent.last_payment_error);
  const kin = kinOf(intent, moneyOf(intent.amount, intent.currency), event, 'intent', ...idsOf(intent.id));
  const ids = idsOf(error.charge ?? intent.latest_charge ?? event.id);
  return [failure(intent, { ids, kin }, error.decline_code, error.code, error.type)];
}

/** A charge that was declined, or blocked as a risk. */
export function failedCharge(charge: JsonObject, event: JsonObject): Statement[] {
  const kin = kinOf(charge, moneyOf(charge.amount, charge.currency), event, 'intent', ...idsOf(charge.payment_intent));
  return [failure(charge, { ids: idsOf(charge.id), kin }, objectOf(charge.outcome).reason, charge.failure_code)];
}

/** An invoice tells that its payment failed, not why. */
export function failedInvoice(invoice: JsonObject, event: JsonObject): Statement[] {
  const amount = moneyOf(invoice.amount_remaining ?? invoice.amount_due, invoice.currency);
  const kin = kinOf(invoice, amount, event, 'invoice', ...idsOf(invoice.payment_intent));
  const attempt = `${idOf(invoice.id)} ${numberOf(invoice.attempt_count) ?? idOf(event.id)}`;
  return [failure(invoice, { ids: [attempt, ...idsOf(invoice.charge)], kin })];
}

/** A bank transfer or direct debit of a checkout session that did not arrive. */
export function failedSession(session: JsonObject, event: JsonObject): Statement[] {
  const kin = kinOf(session, moneyOf(session.amount_total, session.currency), event, 'session', ...idsOf(session.payment_intent));
  return [failure(session, { ids: idsOf(session.id), kin })];
}

/** A refund that is under way or done: `refund.*` events, and `charge.refund.updated` of older API versions. */
export function refund(object: JsonObject): Statement[] {
  if (object.status !== 'succeeded' && object.status !== 'pending') return [];
  const paid = idsOf(object.charge, object.payment_intent);
  const amount = moneyOf(object.amount, object.currency);
  const sighting: Sighting = { ids: idsOf(object.id), kin: { keys: [`${paid[0]} ${amount.minor}`], side: 'refund', atMs: 0 } };
  return [{ kind: 'refund', links: paid, sighting, paid, amount }];
}

/** The charge tells the sum of its refunds; what it was before tells this one's. Releasing an authorisation refunds what was never captured. */
export function refundedCharge(charge: JsonObject, event: JsonObject): Statement[] {
  if (charge.captured !== true) return note(charge);
  const total = numberOf(charge.amount_refunded) ?? 0;
  const before = numberOf(objectOf(objectOf(event.data).previous_attributes).amount_refunded) ?? 0;
  const amount = moneyOf(total - before, charge.currency);
  const paid = idsOf(charge.id, charge.payment_intent);
  const [latest] = objectsOf(objectOf(charge.refunds).data);
  const sighting: Sighting = {
    ids: [`${paid[0]} refunded ${total}`, ...idsOf(latest)],
    kin: { keys: [`${paid[0]} ${amount.minor}`], side: 'charge', atMs: 0 },
  };
  return [{ kind: 'refund', ...evidenceOf(charge), sighting, paid, amount }];
}

/** A dispute counts when money is at stake; an inquiry (`warning_*`) counts if it becomes one. */
export function dispute(object: JsonObject): Statement[] {
  if (textOf(object.status)?.startsWith('warning_')) return [];
  const paid = idsOf(object.charge, object.payment_intent);
  return [{ kind: 'dispute', links: paid, sighting: { ids: idsOf(object.id) }, paid, amount: moneyOf(object.amount, object.currency) }];
}
