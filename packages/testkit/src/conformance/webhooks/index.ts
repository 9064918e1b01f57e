import type { Server } from 'node:http';
import { webhookMetrics as metrics } from '@tallyman/catalog';
import { channels, type DeliveryEvent } from '@tallyman/core';
import { afterEach, describe, expect, it } from 'vitest';
import { type Recorded, recordedBy } from '../../recorded.ts';
import { deliver, type Handler, hangUp, type OutgoingDelivery, type ReceivedDelivery, type StartServer, startBareServer } from './http.ts';
import type { Bought, Check, ProviderEvent, WebhookSubject } from './subject.ts';

export * from './http.ts';
export * from './subject.ts';

const bought: Bought = { minor: 1099, currency: 'usd', plan: 'premium' };
const by = (customer: string | undefined): Bought => (customer === undefined ? bought : { ...bought, customer });

/** What every adapter of a payment provider must do, on real servers and the provider's real SDK. */
export function webhookConformance(subject: WebhookSubject): void {
  const { provider } = subject;
  const servers: Readonly<Record<string, StartServer>> = { 'bare http': startBareServer, ...subject.servers };
  const check = Object.values(subject.checks)[0] as Check;
  const open: Server[] = [];
  afterEach(() => Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))));

  const serve = async (handler: Handler, start: StartServer = startBareServer): Promise<Server> => {
    const server = await start(handler);
    open.push(server);
    return server;
  };
  const checking =
    (verify: Check, status = 200): Handler =>
    async (delivery: ReceivedDelivery) => {
      try {
        await verify(delivery);
        return status;
      } catch {
        return 400;
      }
    };
  /** Delivers in this order, one after the other, to an application that accepts what it can verify. */
  const accept = async (events: readonly ProviderEvent[], handler: Handler = checking(check)): Promise<Recorded> => {
    const server = await serve(handler);
    return recordedBy(async () => {
      for (const event of events) await deliver(server, subject.sign(event));
    });
  };
  const send = async (delivery: OutgoingDelivery, handler: Handler, start?: StartServer): Promise<Recorded> => {
    const server = await serve(handler, start);
    return recordedBy(() => deliver(server, delivery));
  };
  const first = (events: readonly ProviderEvent[]): ProviderEvent => events[0] as ProviderEvent;
  const purchase = () => first(subject.purchase(bought));

  function expectOneSale(recorded: Recorded, { plan, currency }: Pick<Bought, 'plan' | 'currency'>, amount: number): void {
    expect(recorded.series(metrics.conversions).filter(({ value }) => value !== 0)).toEqual([
      { attributes: { 'payment.provider': provider, 'payment.method': 'card', plan }, value: 1, count: 0 },
    ]);
    expect(recorded.value(metrics.revenue)).toBeCloseTo(amount, 6);
    expect(recorded.value(metrics.revenue, { 'payment.provider': provider, currency, plan })).toBeCloseTo(amount, 6);
  }

  function expectNoMoney(recorded: Recorded): void {
    for (const metric of [metrics.conversions, metrics.failures, metrics.revenue, metrics.refunded, metrics.disputed, metrics.subscriptionEvents])
      expect(recorded.value(metric), metric.name).toBe(0);
  }

  function expectReceived(recorded: Recorded, eventType: string, outcome: string, verification: string): void {
    expect(recorded.series(metrics.received).filter(({ value }) => value !== 0)).toEqual([
      { attributes: { 'webhook.provider': provider, 'webhook.event_type': eventType, outcome, 'webhook.verification': verification }, value: 1, count: 0 },
    ]);
  }

  describe(`webhooks: ${subject.title}`, () => {
    describe.each(Object.entries(servers))('behind %s', (_name, start) => {
      it.each(Object.entries(subject.checks))('counts a purchase that %s has verified', async (_check, verify) => {
        const event = purchase();
        const recorded = await send(subject.sign(event), checking(verify), start);
        expectReceived(recorded, event.type, 'accepted', 'sdk');
        expectOneSale(recorded, bought, 10.99);
        expect(recorded.count(metrics.duration, { 'webhook.provider': provider, outcome: 'accepted' })).toBe(1);
        expect(recorded.count(metrics.lag, { 'webhook.provider': provider })).toBe(1);
        expect(recorded.value(metrics.lag)).toBeLessThan(60);
        expect(recorded.value(metrics.verificationFailures)).toBe(0);
      });

      it.each(Object.entries(subject.checks))('counts nothing but a failed check when %s meets a forged event', async (_check, verify) => {
        const recorded = await send(subject.forge(purchase()), checking(verify), start);
        expectOnlyFailure(recorded, 'mismatch');
      });

      it('leaves deliveries that nobody verifies without type and money', async () => {
        const recorded = await send(subject.sign(purchase()), () => 200, start);
        expectReceived(recorded, '_unverified', 'accepted', 'accepted');
        expectNoMoney(recorded);
      });
    });

    function expectOnlyFailure(recorded: Recorded, reason: string): void {
      expect(recorded.series(metrics.verificationFailures)).toEqual([{ attributes: { 'webhook.provider': provider, reason }, value: 1, count: 0 }]);
      for (const metric of Object.values(metrics)) if (metric !== metrics.verificationFailures) expect(recorded.series(metric), metric.name).toEqual([]);
    }

    it.each(Object.entries(subject.refused(purchase())))('gives the reason of a failed check: %s', async (reason, { delivery, check: verify = check }) => {
      expectOnlyFailure(await send(delivery, checking(verify)), reason);
    });

    it('counts one failed check for a delivery that is checked twice, and none when the second check succeeds', async () => {
      const twice = (delivery: ReceivedDelivery) => Promise.resolve(check(delivery)).catch(() => check(delivery));
      const attempt = async (delivery: ReceivedDelivery) => twice(delivery);
      expectOnlyFailure(await send(subject.forge(purchase()), checking(attempt)), 'mismatch');
      const event = purchase();
      const signed = subject.sign(event);
      const forged = subject.forge(event);
      const either = async (delivery: ReceivedDelivery) => {
        await Promise.resolve()
          .then(() => check({ ...delivery, headers: { ...delivery.headers, ...forged.headers } }))
          .catch(() => check(delivery));
      };
      const recorded = await send(signed, checking(either));
      expect(recorded.value(metrics.verificationFailures)).toBe(0);
      expectOneSale(recorded, bought, 10.99);
    });

    it('counts a delivery that failed when it is delivered again, once', async () => {
      const signed = subject.sign(purchase());
      const failed = await send(signed, checking(check, 500));
      expect(failed.value(metrics.received, { outcome: 'failed', 'webhook.verification': 'sdk' })).toBe(1);
      expectNoMoney(failed);
      const accepted = await send(signed, checking(check));
      expectOneSale(accepted, bought, 10.99);
      expect(accepted.value(metrics.duplicates)).toBe(0);
      const again = await send(signed, checking(check));
      expect(again.value(metrics.duplicates, { 'webhook.provider': provider })).toBe(1);
      expect(again.value(metrics.received, { outcome: 'accepted' })).toBe(1);
      expectNoMoney(again);
    });

    it('counts no money of a delivery that the application refused after verifying it', async () => {
      const event = purchase();
      const recorded = await send(subject.sign(event), checking(check, 422));
      expectReceived(recorded, event.type, 'rejected', 'sdk');
      expectNoMoney(recorded);
    });

    it('counts a delivery as aborted whose provider hung up, and its retry as a purchase', async () => {
      const event = purchase();
      const signed = subject.sign(event);
      const { promise: verified, resolve: tell } = Promise.withResolvers<void>();
      const { promise: never, resolve: release } = Promise.withResolvers<number>();
      const server = await serve(async (delivery) => {
        await check(delivery);
        tell();
        return never;
      });
      const aborted = await recordedBy(() => hangUp(server, signed, verified));
      release(200);
      expectReceived(aborted, event.type, 'aborted', 'sdk');
      expectNoMoney(aborted);
      expectOneSale(await send(signed, checking(check)), bought, 10.99);
    });

    it.each(Object.entries(subject.unverified))('does not trust %s', async (_name, parse) => {
      const recorded = await send(subject.sign(purchase()), checking(parse));
      expectReceived(recorded, '_unverified', 'accepted', 'accepted');
      expectNoMoney(recorded);
      const alone = await recordedBy(() => parse({ body: purchase().body, headers: {} }));
      expectReceived(alone, '_unverified', 'accepted', 'unknown');
      expectNoMoney(alone);
    });

    it('counts what is verified outside of any request as accepted at once', async () => {
      const event = purchase();
      const { body, headers } = subject.sign(event);
      const recorded = await recordedBy(() => check({ body, headers }));
      expectReceived(recorded, event.type, 'accepted', 'sdk');
      expectOneSale(recorded, bought, 10.99);
      expect(recorded.count(metrics.duration)).toBe(0);
    });

    it.each([
      { minor: 1500, currency: 'jpy', amount: 1500 },
      { minor: 5120, currency: 'kwd', amount: 5.12 },
      { minor: 999, currency: 'eur', amount: 9.99 },
    ])('reads $minor $currency as $amount', async ({ minor, currency, amount }) => {
      const recorded = await accept([first(subject.purchase({ ...bought, minor, currency }))]);
      expectOneSale(recorded, { ...bought, currency }, amount);
    });

    describe.each([
      ['a purchase', (customer?: string) => subject.purchase(by(customer))],
      ['the first payment of a subscription', (customer?: string) => subject.subscriptionPurchase(by(customer))],
      ['a renewal', (customer?: string) => subject.renewal(by(customer))],
    ])('%s', (what, events) => {
      it('counts once with its plan, however many events tell of it', async () => {
        expectOneSale(await accept(events()), bought, 10.99);
      });

      it('counts once, whichever event comes first', async () => {
        for (let index = 1; index < events().length; index++) {
          const all = events();
          const recorded = await accept([...all.slice(index), ...all.slice(0, index)]);
          expect(recorded.value(metrics.conversions), `${all[index]?.type} first`).toBe(1);
          expect(recorded.value(metrics.revenue), `${all[index]?.type} first`).toBeCloseTo(10.99, 6);
        }
      });

      it('counts two of one customer, equal but for their ids, twice', async () => {
        const customer = `customer of ${subject.title}, ${what}`;
        const [one, other] = [events(customer), events(customer)];
        const interleaved = one.flatMap((event, index) => [event, other[index] as ProviderEvent]);
        const recorded = await accept(interleaved);
        expect(recorded.value(metrics.conversions)).toBe(2);
        expect(recorded.value(metrics.revenue)).toBeCloseTo(21.98, 6);
      });
    });

    it('counts a paid renewal as renewed, once', async () => {
      const recorded = await accept(subject.renewal(bought));
      expect(recorded.value(metrics.subscriptionEvents)).toBe(1);
      expect(recorded.value(metrics.subscriptionEvents, { 'payment.provider': provider, change: 'renewed', plan: bought.plan })).toBe(1);
    });

    it('counts a declined payment once, with the code of the bank', async () => {
      const recorded = await accept(subject.declined(bought, 'insufficient_funds'));
      expect(recorded.value(metrics.failures)).toBe(1);
      const attributes = { 'payment.provider': provider, 'payment.method': 'card', 'error.type': 'insufficient_funds' };
      expect(recorded.value(metrics.failures, attributes)).toBe(1);
      expect(recorded.value(metrics.conversions)).toBe(0);
    });

    it('counts a refund once, with the plan of its purchase', async () => {
      const { purchase: paid, refund } = subject.refunded(bought, 500);
      await accept(paid);
      const recorded = await accept(refund);
      expect(recorded.value(metrics.refunded)).toBeCloseTo(5, 6);
      expect(recorded.value(metrics.refunded, { 'payment.provider': provider, currency: 'usd', plan: bought.plan })).toBeCloseTo(5, 6);
      expect(recorded.value(metrics.conversions)).toBe(0);
    });

    it('counts a dispute once, when it opens', async () => {
      const { purchase: paid, dispute } = subject.disputed(bought);
      await accept(paid);
      const recorded = await accept(dispute);
      expect(recorded.value(metrics.disputed)).toBeCloseTo(10.99, 6);
      expect(recorded.value(metrics.disputed, { 'payment.provider': provider, currency: 'usd', plan: bought.plan })).toBeCloseTo(10.99, 6);
    });

    it('tells created and cancelled subscriptions by plan', async () => {
      const recorded = await accept([subject.subscriptionCreated('pro'), subject.subscriptionCancelled('pro')]);
      const changes = (change: string) => recorded.value(metrics.subscriptionEvents, { 'payment.provider': provider, change, plan: 'pro' });
      expect(changes('created')).toBe(1);
      expect(changes('cancelled')).toBe(1);
      expect(recorded.value(metrics.conversions)).toBe(0);
    });

    it('publishes each delivery with what it counted for', async () => {
      const events: DeliveryEvent[] = [];
      const stop = channels.delivery.subscribe((event) => events.push(event));
      const event = purchase();
      await accept([event, event]);
      stop();
      expect(events).toMatchObject([
        { provider, eventType: event.type, outcome: 'accepted', verification: 'sdk', duplicate: false, requestId: expect.any(String) },
        { provider, eventType: event.type, outcome: 'accepted', verification: 'sdk', duplicate: true, payments: [] },
      ]);
      expect(events[0]?.payments).toEqual([
        {
          kind: 'conversion',
          provider,
          method: 'card',
          plan: bought.plan,
          currency: 'usd',
          amount: 10.99,
          errorType: undefined,
          change: undefined,
        },
      ]);
    });

    const { thin } = subject;
    if (thin !== undefined)
      it.each(Object.entries(thin.checks))('knows the type of an event without amount, by %s', async (_name, verify) => {
        const event = thin.event();
        const recorded = await send(subject.sign(event), checking(verify));
        expectReceived(recorded, event.type, 'accepted', 'sdk');
        expect(recorded.count(metrics.lag)).toBe(1);
        expectNoMoney(recorded);
      });
  });
}
