import { type AttributesOf, webhookMetrics } from '@tallyman/catalog';
import { bindMetrics, channels, outside, type PaymentEvent, safely, shared } from '@tallyman/core';
import { BoundedMap } from './bounded-map.ts';
import { type Money, majorUnits } from './currencies.ts';
import { type Occurrence, Occurrences, type Sighting } from './occurrences.ts';
import { type PlanEvidence, planOf } from './plans.ts';

/** What happened to a subscription: the closed set of the catalog. */
export type SubscriptionChange = AttributesOf<typeof webhookMetrics.subscriptionEvents>['change'];

/** What every statement may come with. */
interface Evidence {
  /** Identifiers of the purchase that other events may have told plan and method of. */
  readonly links: readonly string[];
  /** Further identifiers that stand for the plan alone, closest first: of its price, of the subscription. */
  readonly planLinks?: readonly string[] | undefined;
  readonly plan?: PlanEvidence | undefined;
  /** Such as `card`; undefined when the event does not tell. */
  readonly method?: string | undefined;
}

/** A payment that was received. */
export interface Conversion extends Evidence {
  readonly kind: 'conversion';
  readonly purchase: Sighting;
  readonly amount: Money;
}

/** An attempt to pay that failed; `errorType` is a code. */
export interface Failure extends Evidence {
  readonly kind: 'failure';
  readonly attempt: Sighting;
  readonly errorType: string;
}

/** Money that goes back, or that its payer disputes; `paid` are identifiers of the purchase. */
export interface Return extends Evidence {
  readonly kind: 'refund' | 'dispute';
  readonly sighting: Sighting;
  readonly paid: readonly string[];
  readonly amount: Money;
}

/** A change of a subscription; with a sighting where several events tell of it. */
export interface Change extends Evidence {
  readonly kind: 'subscription';
  readonly change: SubscriptionChange;
  readonly sighting?: Sighting | undefined;
}

/** Counts nothing; tells plan and method of what other events name. */
export interface Note extends Evidence {
  readonly kind: 'note';
}

/** One thing that an event means, in no provider's words. */
export type Statement = Conversion | Failure | Return | Change | Note;

/** The label of a plan or a method that nothing tells of. */
export const UNKNOWN = 'unknown';

/** Identifiers that are remembered of each kind; a purchase has about four. */
const REMEMBERED = 20_000;
/** Events of one payment happen within seconds; a retried delivery carries the time of its event. */
const KIN_WINDOW_MS = 10 * 60_000;

const create = () => ({
  conversion: new Occurrences(REMEMBERED, KIN_WINDOW_MS),
  failure: new Occurrences(REMEMBERED, KIN_WINDOW_MS),
  refund: new Occurrences(REMEMBERED, Number.POSITIVE_INFINITY),
  dispute: new Occurrences(REMEMBERED, Number.POSITIVE_INFINITY),
  subscription: new Occurrences(REMEMBERED, Number.POSITIVE_INFINITY),
  plans: new BoundedMap<string, string>(REMEMBERED),
  methods: new BoundedMap<string, string>(REMEMBERED),
});

/** What is remembered of one provider. */
type Memory = ReturnType<typeof create>;

const record = bindMetrics(webhookMetrics);
const memories = shared('webhooks.payments', () => new Map<string, Memory>());

/**
 * Records what an accepted event means: each purchase, failed attempt, refund and dispute once, however many events tell of it.
 * What was counted is published on `tallyman:payment`.
 */
export function recordStatements(provider: string, statements: readonly Statement[]): void {
  let memory = memories.get(provider);
  if (memory === undefined) {
    memory = create();
    memories.set(provider, memory);
  }
  for (const statement of statements) learn(memory, statement);
  for (const statement of statements) publish(provider, count(provider, memory, statement));
  for (const purchase of held.purchases) if (labels(purchase.memory, purchase.statement).plan !== UNKNOWN) settle(purchase);
}

type Counted = Pick<PaymentEvent, 'kind' | 'method' | 'plan'> & Partial<PaymentEvent>;

function publish(provider: string, counted: Counted | undefined): void {
  if (counted === undefined) return;
  channels.payment.publish(() => ({ provider, currency: undefined, amount: undefined, errorType: undefined, change: undefined, ...counted }));
}

function count(provider: string, memory: Memory, statement: Statement): Counted | undefined {
  switch (statement.kind) {
    case 'conversion':
      return countConversion(provider, memory, statement);
    case 'failure':
      return countFailure(provider, memory, statement);
    case 'refund':
    case 'dispute':
      return countReturn(provider, memory, statement);
    case 'subscription':
      return countChange(provider, memory, statement);
    case 'note':
      return undefined;
  }
}

/** A purchase whose plan no event has told yet. */
interface HeldPurchase {
  readonly provider: string;
  readonly memory: Memory;
  readonly statement: Conversion;
  readonly occurrence: Occurrence;
  /** `performance.now()`, in milliseconds. */
  readonly heldSince: number;
}

/**
 * How long a purchase without a known plan waits for an event that tells it, in milliseconds: a charge names none, comes first, and the invoice
 * or session of the same purchase follows within seconds. A counter cannot be given another label afterwards.
 */
const PATIENCE_MS = 15_000;
/** Purchases that wait at a time; with more the oldest is counted as it is. */
const HELD = 1000;

const held = shared('webhooks.held', () => ({ purchases: new Set<HeldPurchase>(), timer: undefined as NodeJS.Timeout | undefined }));

/** Counts the purchases that have waited `patience` milliseconds for their plan as they are; without one all of them, for the end of the process. */
export function settleHeldPurchases(patience = 0): void {
  const latest = performance.now() - patience;
  for (const purchase of held.purchases) if (purchase.heldSince <= latest) settle(purchase);
}

function hold(purchase: HeldPurchase): void {
  held.purchases.add(purchase);
  const [oldest] = held.purchases;
  if (held.purchases.size > HELD && oldest !== undefined) settle(oldest);
  held.timer ??= sweepIn(PATIENCE_MS);
}

function sweep(): void {
  held.timer = undefined;
  safely('webhooks.held', settleHeldPurchases, PATIENCE_MS);
  if (held.purchases.size > 0) held.timer = sweepIn(PATIENCE_MS / 10);
}

function sweepIn(milliseconds: number): NodeJS.Timeout {
  return outside(() => setTimeout(sweep, milliseconds).unref());
}

/** No money, no conversion: trials, vouchers for the whole price and saved cards are none. */
function countConversion(provider: string, memory: Memory, statement: Conversion): Counted | undefined {
  if (!(majorUnits(statement.amount) > 0)) return undefined;
  const { occurrence, isNew } = memory.conversion.see(statement.purchase);
  const { plan } = labels(memory, statement);
  if (!isNew) {
    if (plan !== UNKNOWN) settleOccurrence(occurrence, plan);
    return undefined;
  }
  const purchase: HeldPurchase = { provider, memory, statement, occurrence, heldSince: performance.now() };
  if (plan !== UNKNOWN) return convert(purchase, plan);
  hold(purchase);
  return undefined;
}

function settle(purchase: HeldPurchase, plan = labels(purchase.memory, purchase.statement).plan): void {
  held.purchases.delete(purchase);
  publish(purchase.provider, convert(purchase, plan));
}

function settleOccurrence(occurrence: Occurrence | undefined, plan: string): void {
  for (const purchase of held.purchases) if (purchase.occurrence === occurrence) settle(purchase, plan);
}

function convert({ provider, memory, statement, occurrence }: HeldPurchase, plan: string): Counted {
  const { method } = labels(memory, statement);
  const amount = majorUnits(statement.amount);
  const currency = statement.amount.currency.toLowerCase();
  occurrence.plan = plan;
  record.conversions(1, { 'payment.provider': provider, 'payment.method': method, plan });
  record.revenue(amount, { 'payment.provider': provider, currency, plan });
  return { kind: 'conversion', method, plan, currency, amount };
}

function countFailure(provider: string, memory: Memory, statement: Failure): Counted | undefined {
  if (!memory.failure.see(statement.attempt).isNew) return undefined;
  const { method, plan } = labels(memory, statement);
  const { errorType } = statement;
  record.failures(1, { 'payment.provider': provider, 'payment.method': method, 'error.type': errorType });
  return { kind: 'failure', method, plan, errorType };
}

/** Takes the plan that the purchase was counted with, so that revenue less refunds is right plan by plan. */
function countReturn(provider: string, memory: Memory, statement: Return): Counted | undefined {
  const { kind } = statement;
  const amount = majorUnits(statement.amount);
  if (!(amount > 0) || !memory[kind].see(statement.sighting).isNew) return undefined;
  const { method, plan: told } = labels(memory, statement);
  const purchase = memory.conversion.find(statement.paid);
  settleOccurrence(purchase, told);
  const plan = purchase?.plan ?? told;
  const currency = statement.amount.currency.toLowerCase();
  const metric = kind === 'refund' ? record.refunded : record.disputed;
  metric(amount, { 'payment.provider': provider, currency, plan });
  return { kind, method, plan, currency, amount };
}

function countChange(provider: string, memory: Memory, statement: Change): Counted | undefined {
  const { change, sighting } = statement;
  if (sighting !== undefined && !memory.subscription.see(sighting).isNew) return undefined;
  const { method, plan } = labels(memory, statement);
  record.subscriptionEvents(1, { 'payment.provider': provider, change, plan });
  return { kind: 'subscription', method, plan, change };
}

/** Remembers plan and method, so that an event that names only an invoice or a price has the plan that another one named. */
function learn({ plans, methods }: Memory, { links, planLinks = [], plan: evidence, method }: Statement): void {
  const plan = evidence && planOf(evidence);
  if (plan !== undefined) for (const link of [...links, ...planLinks]) plans.set(link, plan);
  if (method !== undefined) for (const link of links) methods.set(link, method);
}

function labels({ plans, methods }: Memory, { links, planLinks = [], plan, method }: Statement): { readonly plan: string; readonly method: string } {
  return {
    plan: (plan && planOf(plan)) ?? plans.first([...links, ...planLinks]) ?? UNKNOWN,
    method: method ?? methods.first(links) ?? UNKNOWN,
  };
}
