import { describe } from 'vitest';
import { Bench } from './bench.ts';
import { testChecks, testOutcomes, testServers } from './deliveries.ts';
import { testEvents, testLosses, testPurchases } from './money.ts';
import type { WebhookSubject } from './subject.ts';

export { type WebhookFaultTrial, webhookFaults } from './faults.ts';
export * from './http.ts';
export * from './subject.ts';

/** What every adapter of a payment provider must do, on real servers and the provider's real SDK. */
export function webhookConformance(subject: WebhookSubject): void {
  describe(`webhooks: ${subject.title}`, () => {
    const bench = new Bench(subject);
    testServers(bench);
    testChecks(bench);
    testOutcomes(bench);
    testPurchases(bench);
    testLosses(bench);
    testEvents(bench);
  });
}
