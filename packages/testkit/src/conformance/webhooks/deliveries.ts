import { webhookMetrics as metrics } from '@tallyman/catalog';
import { describe, expect, it } from 'vitest';
import { recordedBy } from '../../recorded.ts';
import { type Bench, checking } from './bench.ts';
import { hangUp, type ReceivedDelivery, type StartServer, startBareServer } from './http.ts';

/** Verified, forged and unverified deliveries behind each server that an application may have. */
export function testServers(bench: Bench): void {
  const { subject } = bench;
  const servers: Readonly<Record<string, StartServer>> = { 'bare http': startBareServer, ...subject.servers };
  describe.each(Object.entries(servers))('behind %s', (_name, start) => {
    it.each(Object.entries(subject.checks))('counts a purchase that %s has verified', async (_check, check) => {
      const event = bench.purchase();
      const recorded = await bench.send(subject.sign(event), checking(check), start);
      bench.expectReceived(recorded, event.type, 'accepted', 'sdk');
      bench.expectOneSale(recorded);
      expect(recorded.count(metrics.duration, { 'webhook.provider': subject.provider, outcome: 'accepted' })).toBe(1);
      expect(recorded.count(metrics.lag, { 'webhook.provider': subject.provider })).toBe(1);
      expect(recorded.value(metrics.lag)).toBeLessThan(60);
      expect(recorded.value(metrics.verificationFailures)).toBe(0);
    });

    it.each(Object.entries(subject.checks))('counts nothing but a failed check when %s meets a forged event', async (_check, check) => {
      bench.expectOnlyFailure(await bench.send(subject.forge(bench.purchase()), checking(check), start), 'mismatch');
    });

    it('leaves deliveries that nobody verifies without type and money', async () => {
      const recorded = await bench.send(subject.sign(bench.purchase()), () => 200, start);
      bench.expectReceived(recorded, '_unverified', 'accepted', 'accepted');
      bench.expectNoMoney(recorded);
    });
  });
}

/** Checks that fail, that are made twice, and that verify nothing. */
export function testChecks(bench: Bench): void {
  const { subject, check } = bench;
  it.each(Object.entries(subject.refused(bench.purchase())))('gives the reason of a failed check: %s', async (reason, refused) => {
    bench.expectOnlyFailure(await bench.send(refused.delivery, checking(refused.check ?? check)), reason);
  });

  it('counts one failed check for a delivery that is checked twice, and none when the second check succeeds', async () => {
    const twice = (first: ReceivedDelivery, second: ReceivedDelivery) =>
      Promise.resolve(first)
        .then(check)
        .catch(() => check(second));
    const forged = subject.forge(bench.purchase());
    bench.expectOnlyFailure(
      await bench.send(
        forged,
        checking((delivery) => twice(delivery, delivery)),
      ),
      'mismatch',
    );
    const withOtherSecret = (delivery: ReceivedDelivery) => twice({ ...delivery, headers: { ...delivery.headers, ...forged.headers } }, delivery);
    const recorded = await bench.send(subject.sign(bench.purchase()), checking(withOtherSecret));
    expect(recorded.value(metrics.verificationFailures)).toBe(0);
    bench.expectOneSale(recorded);
  });

  it.each(Object.entries(subject.unverified))('does not trust %s', async (_name, parse) => {
    const recorded = await bench.send(subject.sign(bench.purchase()), checking(parse));
    bench.expectReceived(recorded, '_unverified', 'accepted', 'accepted');
    bench.expectNoMoney(recorded);
    const alone = await recordedBy(() => parse({ body: bench.purchase().body, headers: {} }));
    bench.expectReceived(alone, '_unverified', 'accepted', 'unknown');
    bench.expectNoMoney(alone);
  });

  it.each(Object.entries(subject.thin?.checks ?? {}))('knows the type of an event without amount, by %s', async (_name, parse) => {
    const event = subject.thin?.event() ?? bench.purchase();
    const recorded = await bench.send(subject.sign(event), checking(parse));
    bench.expectReceived(recorded, event.type, 'accepted', 'sdk');
    expect(recorded.count(metrics.lag)).toBe(1);
    bench.expectNoMoney(recorded);
  });
}

/** What the application answers, or does not. */
export function testOutcomes(bench: Bench): void {
  const { subject, check } = bench;
  it('counts a delivery that failed when it is delivered again, once', async () => {
    const signed = subject.sign(bench.purchase());
    const failed = await bench.send(signed, checking(check, 500));
    expect(failed.value(metrics.received, { outcome: 'failed', 'webhook.verification': 'sdk' })).toBe(1);
    bench.expectNoMoney(failed);
    const accepted = await bench.send(signed, checking(check));
    bench.expectOneSale(accepted);
    expect(accepted.value(metrics.duplicates)).toBe(0);
    const again = await bench.send(signed, checking(check));
    expect(again.value(metrics.duplicates, { 'webhook.provider': subject.provider })).toBe(1);
    expect(again.value(metrics.received, { outcome: 'accepted' })).toBe(1);
    bench.expectNoMoney(again);
  });

  it('counts no money of a delivery that the application refused after verifying it', async () => {
    const event = bench.purchase();
    const recorded = await bench.send(subject.sign(event), checking(check, 422));
    bench.expectReceived(recorded, event.type, 'rejected', 'sdk');
    bench.expectNoMoney(recorded);
  });

  it('counts a delivery as aborted whose provider hung up, and its retry as a purchase', async () => {
    const event = bench.purchase();
    const signed = subject.sign(event);
    const { promise: verified, resolve: tell } = Promise.withResolvers<void>();
    const { promise: answer, resolve: release } = Promise.withResolvers<number>();
    const server = await bench.serve(async (delivery) => {
      await check(delivery);
      tell();
      return answer;
    });
    const aborted = await recordedBy(() => hangUp(server, signed, verified));
    release(200);
    bench.expectReceived(aborted, event.type, 'aborted', 'sdk');
    bench.expectNoMoney(aborted);
    bench.expectOneSale(await bench.send(signed, checking(check)));
  });

  it('counts what is verified outside of any request as accepted at once', async () => {
    const event = bench.purchase();
    const { body, headers } = subject.sign(event);
    const recorded = await recordedBy(() => check({ body, headers }));
    bench.expectReceived(recorded, event.type, 'accepted', 'sdk');
    bench.expectOneSale(recorded);
    expect(recorded.count(metrics.duration)).toBe(0);
  });
}
