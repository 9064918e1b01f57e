import type { Server } from 'node:http';
import { webhookMetrics as metrics } from '@tallyman/catalog';
import { afterEach, expect } from 'vitest';
import { type Recorded, recordedBy } from '../../recorded.ts';
import { deliver, type Handler, type OutgoingDelivery, type StartServer, startBareServer } from './http.ts';
import type { Bought, Check, ProviderEvent, WebhookSubject } from './subject.ts';

/** What the tests buy: 10.99 USD, unless they say otherwise. */
export const bought: Bought = { minor: 1099, currency: 'usd', plan: 'premium' };

/** A handler that answers with the status when the check passes, else with 400. */
export function checking(check: Check, status = 200): Handler {
  return async (delivery) => {
    try {
      await check(delivery);
      return status;
    } catch {
      return 400;
    }
  };
}

/** Applications to deliver to, and what is to be expected of a subject's deliveries. Servers are closed after each test. */
export class Bench {
  readonly subject: WebhookSubject;
  /** The subject's first check. */
  readonly check: Check;
  readonly #open: Server[] = [];

  constructor(subject: WebhookSubject) {
    this.subject = subject;
    this.check = Object.values(subject.checks)[0] as Check;
    afterEach(() => Promise.all(this.#open.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))));
  }

  /** An event of a new purchase, which tells of money and plan. */
  purchase(): ProviderEvent {
    return this.subject.purchase(bought)[0] as ProviderEvent;
  }

  async serve(handler: Handler, start: StartServer = startBareServer): Promise<Server> {
    const server = await start(handler);
    this.#open.push(server);
    return server;
  }

  /** What is recorded of one delivery. */
  async send(delivery: OutgoingDelivery, handler: Handler, start?: StartServer): Promise<Recorded> {
    const server = await this.serve(handler, start);
    return recordedBy(() => deliver(server, delivery));
  }

  /** What is recorded when the events are delivered one after the other, and accepted. */
  async accept(events: readonly ProviderEvent[]): Promise<Recorded> {
    const server = await this.serve(checking(this.check));
    return recordedBy(async () => {
      for (const event of events) await deliver(server, this.subject.sign(event));
    });
  }

  expectReceived(recorded: Recorded, eventType: string, outcome: string, verification: string): void {
    const attributes = { 'webhook.provider': this.subject.provider, 'webhook.event_type': eventType, outcome, 'webhook.verification': verification };
    expect(recorded.series(metrics.received).filter(({ value }) => value !== 0)).toEqual([{ attributes, value: 1, count: 0 }]);
  }

  /** One conversion by card, and its revenue. */
  expectOneSale(recorded: Recorded, amount = 10.99, { plan, currency }: Pick<Bought, 'plan' | 'currency'> = bought): void {
    const { provider } = this.subject;
    const attributes = { 'payment.provider': provider, 'payment.method': 'card', plan };
    expect(recorded.series(metrics.conversions).filter(({ value }) => value !== 0)).toEqual([{ attributes, value: 1, count: 0 }]);
    expect(recorded.value(metrics.revenue)).toBeCloseTo(amount, 6);
    expect(recorded.value(metrics.revenue, { 'payment.provider': provider, currency, plan })).toBeCloseTo(amount, 6);
  }

  expectNoMoney(recorded: Recorded): void {
    for (const metric of [metrics.conversions, metrics.failures, metrics.revenue, metrics.refunded, metrics.disputed, metrics.subscriptionEvents])
      expect(recorded.value(metric), metric.name).toBe(0);
  }

  /** One failed check, and not even a new series of anything else. */
  expectOnlyFailure(recorded: Recorded, reason: string): void {
    const attributes = { 'webhook.provider': this.subject.provider, reason };
    expect(recorded.series(metrics.verificationFailures)).toEqual([{ attributes, value: 1, count: 0 }]);
    for (const metric of Object.values(metrics)) if (metric !== metrics.verificationFailures) expect(recorded.series(metric), metric.name).toEqual([]);
  }
}
