import { type JsonObject, numberOf, objectOf, objectsOf, textOf, textsOf } from '../json.ts';
import type { Statement } from '../payments.ts';
import type { PlanEvidence } from '../plans.ts';

/** What an object tells of plan and method, and by which identifiers other objects know it. */
export type ObjectEvidence = Pick<Statement, 'links' | 'planLinks' | 'plan' | 'method'>;

/** The id of a member that is an id, or the object itself where the application's API version expands it. */
export function idOf(value: unknown): string | undefined {
  return textOf(value) ?? textOf(objectOf(value).id);
}

/** The ids among the values, each once. */
export function idsOf(...values: readonly unknown[]): string[] {
  return textsOf(...values.map(idOf));
}

/** The subscription that an invoice bills: `parent.subscription_details` since API 2025-03-31, `subscription` before. */
export function subscriptionOf(invoice: JsonObject): unknown {
  return objectOf(objectOf(invoice.parent).subscription_details).subscription ?? invoice.subscription;
}

/** Reads what an object of any API version tells; an object that tells nothing gives no links. */
export function evidenceOf(object: JsonObject): ObjectEvidence {
  switch (object.object) {
    case 'checkout.session':
      return checkout(object);
    case 'payment_intent':
      return { links: idsOf(object.id, object.latest_charge, object.invoice), plan: plan([], object), method: intentMethod(object) };
    case 'charge':
      return { links: idsOf(object.id, object.payment_intent, object.invoice), plan: plan([], object), method: chargeMethod(object) };
    case 'invoice':
      return invoiceEvidence(object);
    case 'subscription': {
      const prices = objectsOf(objectOf(object.items).data).map(priceOf);
      return { links: idsOf(object.latest_invoice), planLinks: [...onlyPrice(prices), ...idsOf(object.id)], plan: plan(prices, object) };
    }
    case 'price': {
      const price = priceOf({ price: object });
      return { links: [], planLinks: price.ids, plan: plan([price]) };
    }
    default:
      return { links: [] };
  }
}

function checkout(session: JsonObject): ObjectEvidence {
  const prices = objectsOf(objectOf(session.line_items).data).map(priceOf);
  return {
    links: idsOf(session.id, session.payment_intent, session.invoice),
    planLinks: [...onlyPrice(prices), ...idsOf(session.subscription)],
    plan: plan(prices, session),
    method: onlyMethod(session.payment_method_types),
  };
}

/** Lines with a positive amount come first: on a change of plan the old one is credited with a negative amount. */
function invoiceEvidence(invoice: JsonObject): ObjectEvidence {
  const lines = objectsOf(objectOf(invoice.lines).data);
  const isCharged = (line: JsonObject): boolean => (numberOf(line.amount) ?? 0) > 0;
  const charged = lines.some(isCharged) ? lines.filter(isCharged) : lines;
  const prices = charged.map(priceOf);
  const subscription = objectOf(objectOf(invoice.parent).subscription_details ?? invoice.subscription_details);
  return {
    links: idsOf(invoice.id, invoice.payment_intent, invoice.charge),
    planLinks: [...onlyPrice(prices), ...idsOf(subscriptionOf(invoice))],
    plan: plan(prices, subscription, ...charged, invoice),
    method: onlyMethod(objectOf(invoice.payment_settings).payment_method_types),
  };
}

interface Price {
  readonly ids: readonly string[];
  readonly products: readonly string[];
  readonly names: readonly string[];
}

/** The price of a line or an item: `pricing.price_details` since API 2025-03-31, `price` before, `plan` before 2020. */
function priceOf(line: JsonObject): Price {
  const details = objectOf(objectOf(line.pricing).price_details);
  const price = details.price ?? line.price ?? line.plan;
  const { lookup_key, nickname, metadata, product } = objectOf(price);
  return {
    ids: idsOf(price),
    products: idsOf(details.product ?? product),
    names: textsOf(lookup_key, nickname, objectOf(metadata).plan),
  };
}

/** Among several prices, the name of one must not stick to another. */
function onlyPrice(prices: readonly Price[]): readonly string[] {
  return prices.length === 1 ? (prices[0]?.ids ?? []) : [];
}

function plan(prices: readonly Price[], ...objects: readonly JsonObject[]): PlanEvidence {
  return {
    keys: prices.flatMap(({ ids, products }) => [...ids, ...products]),
    names: [...prices.flatMap(({ names }) => names), ...textsOf(...objects.map(({ metadata }) => objectOf(metadata).plan))],
  };
}

function chargeMethod(charge: JsonObject): string | undefined {
  return textOf(objectOf(charge.payment_method_details).type);
}

function intentMethod(intent: JsonObject): string | undefined {
  const failed = objectOf(objectOf(intent.last_payment_error).payment_method);
  return (
    chargeMethod(objectOf(intent.latest_charge)) ??
    textOf(objectOf(intent.payment_method).type) ??
    textOf(failed.type) ??
    onlyMethod(intent.payment_method_types)
  );
}

/** Where several methods are offered, the list does not tell which one was taken. */
function onlyMethod(types: unknown): string | undefined {
  return Array.isArray(types) && types.length === 1 ? textOf(types[0]) : undefined;
}
