import { webhookMetrics as metrics } from '@tallyman/catalog';
import { channels, type DeliveryEvent, type PaymentEvent } from '@tallyman/core';
import { describe, expect, it } from 'vitest';
import { type Bench, bought } from './bench.ts';
import type { Bought, ProviderEvent } from './subject.ts';

const by = (customer: string | undefined): Bought => (customer === undefined ? bought : { ...bought, customer });

/** Purchases: amounts of all currencies, and once however many events tell of one. */
export function testPurchases(bench: Bench): void {
  const { subject } = bench;
  it.each([
    { minor: 1500, currency: 'jpy', amount: 1500 },
    { minor: 5120, currency: 'kwd', amount: 5.12 },
    { minor: 999, currency: 'eur', amount: 9.99 },
  ])('reads $minor $currency as $amount', async ({ minor, currency, amount }) => {
    const [event] = subject.purchase({ ...bought, minor, currency });
    bench.expectOneSale(await bench.accept([event as ProviderEvent]), amount, { ...bought, currency });
  });

  describe.each([
    ['a purchase', (customer?: string) => subject.purchase(by(customer))],
    ['the first payment of a subscription', (customer?: string) => subject.subscriptionPurchase(by(customer))],
    ['a renewal', (customer?: string) => subject.renewal(by(customer))],
  ])('%s', (what, events) => {
    it('counts once with its plan, however many events tell of it', async () => {
      bench.expectOneSale(await bench.accept(events()));
    });

    it('counts once, whichever event comes first', async () => {
      for (let index = 1; index < events().length; index++) {
        const all = events();
        const recorded = await bench.accept([...all.slice(index), ...all.slice(0, index)]);
        expect(recorded.value(metrics.conversions), `${all[index]?.type} first`).toBe(1);
        expect(recorded.value(metrics.revenue), `${all[index]?.type} first`).toBeCloseTo(10.99, 6);
      }
    });

    it('counts two of one customer, equal but for their ids, twice', async () => {
      const customer = `customer of ${subject.title}, ${what}`;
      const [one, other] = [events(customer), events(customer)];
      const recorded = await bench.accept(one.flatMap((event, index) => [event, other[index] as ProviderEvent]));
      expect(recorded.value(metrics.conversions)).toBe(2);
      expect(recorded.value(metrics.revenue)).toBeCloseTo(21.98, 6);
    });
  });
}

/** Failures, refunds and disputes. */
export function testLosses(bench: Bench): void {
  const { subject } = bench;
  const money = { 'payment.provider': subject.provider, currency: 'usd', plan: bought.plan };
  it('counts a declined payment once, with the code of the bank', async () => {
    const recorded = await bench.accept(subject.declined(bought, 'insufficient_funds'));
    const attributes = { 'payment.provider': subject.provider, 'payment.method': 'card', 'error.type': 'insufficient_funds' };
    expect(recorded.value(metrics.failures)).toBe(1);
    expect(recorded.value(metrics.failures, attributes)).toBe(1);
    expect(recorded.value(metrics.conversions)).toBe(0);
  });

  it('counts a refund once, with the plan of its purchase', async () => {
    const { purchase, refund } = subject.refunded(bought, 500);
    await bench.accept(purchase);
    const recorded = await bench.accept(refund);
    expect(recorded.value(metrics.refunded)).toBeCloseTo(5, 6);
    expect(recorded.value(metrics.refunded, money)).toBeCloseTo(5, 6);
    expect(recorded.value(metrics.conversions)).toBe(0);
  });

  it('counts a dispute once, when it opens', async () => {
    const { purchase, dispute } = subject.disputed(bought);
    await bench.accept(purchase);
    const recorded = await bench.accept(dispute);
    expect(recorded.value(metrics.disputed)).toBeCloseTo(10.99, 6);
    expect(recorded.value(metrics.disputed, money)).toBeCloseTo(10.99, 6);
  });
}

/** Subscriptions, and what is published of a delivery. */
export function testEvents(bench: Bench): void {
  const { subject } = bench;
  const { provider } = subject;
  it('counts a paid renewal as renewed, once', async () => {
    const recorded = await bench.accept(subject.renewal(bought));
    expect(recorded.value(metrics.subscriptionEvents)).toBe(1);
    expect(recorded.value(metrics.subscriptionEvents, { 'payment.provider': provider, change: 'renewed', plan: bought.plan })).toBe(1);
  });

  it('tells created and cancelled subscriptions by plan', async () => {
    const recorded = await bench.accept([subject.subscriptionCreated('pro'), subject.subscriptionCancelled('pro')]);
    const changes = (change: string) => recorded.value(metrics.subscriptionEvents, { 'payment.provider': provider, change, plan: 'pro' });
    expect(changes('created')).toBe(1);
    expect(changes('cancelled')).toBe(1);
    expect(recorded.value(metrics.conversions)).toBe(0);
  });

  it('publishes each delivery, and each payment once', async () => {
    const deliveries: DeliveryEvent[] = [];
    const payments: PaymentEvent[] = [];
    const stops = [channels.delivery.subscribe((event) => deliveries.push(event)), channels.payment.subscribe((event) => payments.push(event))];
    const event = bench.purchase();
    await bench.accept([event, event]);
    for (const stop of stops) stop();
    const delivery = { provider, eventType: event.type, outcome: 'accepted', verification: 'sdk', requestId: expect.any(String) };
    const sale = { kind: 'conversion', provider, method: 'card', plan: bought.plan, currency: 'usd', amount: 10.99, errorType: undefined, change: undefined };
    expect(deliveries).toMatchObject([
      { ...delivery, duplicate: false },
      { ...delivery, duplicate: true },
    ]);
    expect(payments).toMatchObject([sale]);
  });
}
