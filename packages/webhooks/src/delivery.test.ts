import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { webhookMetrics as metrics } from '@tallyman/catalog';
import { installHook, onRequestEnd } from '@tallyman/core';
import { recordedBy, waitFor } from '@tallyman/testkit';
import { deliver, listening, type OutgoingDelivery, startBareServer, type WebhookSubject } from '@tallyman/testkit/conformance/webhooks';
import { afterEach, expect, it } from 'vitest';
import { adapters } from './index.ts';
import { subjectOf, variants } from './stripe/subjects.test.data.ts';

installHook(adapters);
const subject = await subjectOf(variants[0] as (typeof variants)[number]);
const check = Object.values(subject.checks)[0] as WebhookSubject['checks'][string];
const purchase = (): OutgoingDelivery => subject.sign(subject.purchase({ minor: 1099, currency: 'usd', plan: 'premium' })[0] as never);

const open: Server[] = [];
afterEach(() => Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))));
async function started(server: Promise<Server>): Promise<Server> {
  open.push(await server);
  return server;
}

it('joins by the signature where the check runs outside of the request, such as in a loop that started before', async () => {
  const waiting: (() => void)[] = [];
  const loop = setInterval(() => waiting.splice(0).map((work) => work()), 5);
  const server = await started(
    startBareServer(
      (delivery) =>
        new Promise((resolve) => {
          waiting.push(() => {
            check(delivery);
            resolve(500);
          });
        }),
    ),
  );
  const failed = await recordedBy(() => deliver(server, purchase()));
  clearInterval(loop);
  expect(failed.value(metrics.received, { outcome: 'failed', 'webhook.verification': 'sdk' })).toBe(1);
  expect(failed.value(metrics.received)).toBe(1);
  expect(failed.value(metrics.conversions)).toBe(0);
});

it('counts the money of a delivery that is verified after its answer, and the delivery once', async () => {
  const verified = Promise.withResolvers<void>();
  const server = await started(
    startBareServer((delivery) => {
      const stop = onRequestEnd(() => {
        stop();
        setImmediate(() => {
          check(delivery);
          verified.resolve();
        });
      });
      return 200;
    }),
  );
  const recorded = await recordedBy(async () => {
    await deliver(server, purchase());
    await verified.promise;
  });
  expect(recorded.value(metrics.received, { 'webhook.event_type': '_unverified', outcome: 'accepted', 'webhook.verification': 'accepted' })).toBe(1);
  expect(recorded.value(metrics.received)).toBe(1);
  expect(recorded.value(metrics.revenue, { currency: 'usd', plan: 'premium' })).toBeCloseTo(10.99, 6);
});

it('takes work that an answered request has started for work outside of any request', async () => {
  const { promise: inbox, resolve: opened } = Promise.withResolvers<(delivery: OutgoingDelivery) => Promise<void>>();
  const server = await started(
    startBareServer(() => {
      const { promise: arrived, resolve: arrive } = Promise.withResolvers<OutgoingDelivery>();
      const checked = arrived.then((delivery) => void check(delivery));
      opened((delivery) => {
        arrive(delivery);
        return checked;
      });
      return 204;
    }),
  );
  await deliver(server, { headers: {}, body: '{}' });
  const enqueue = await inbox;
  const recorded = await recordedBy(() => enqueue(purchase()));
  expect(recorded.value(metrics.received, { outcome: 'accepted', 'webhook.verification': 'sdk' })).toBe(1);
  expect(recorded.value(metrics.revenue, { currency: 'usd', plan: 'premium' })).toBeCloseTo(10.99, 6);
});

it('counts an event once that arrives twice at the same time', async () => {
  const both = Promise.withResolvers<void>();
  let arrived = 0;
  const server = await started(
    startBareServer(async (delivery) => {
      check(delivery);
      if (++arrived === 2) both.resolve();
      await both.promise;
      return 200;
    }),
  );
  const delivery = purchase();
  const recorded = await recordedBy(async () => {
    let ended = 0;
    const stop = onRequestEnd(() => void ended++);
    await Promise.all([deliver(server, delivery), deliver(server, delivery)]);
    await waitFor(
      () => ended,
      (count) => count === 2,
    );
    stop();
  });
  expect(recorded.value(metrics.received, { outcome: 'accepted', 'webhook.verification': 'sdk' })).toBe(2);
  expect(recorded.value(metrics.duplicates)).toBe(1);
  expect(recorded.value(metrics.conversions)).toBe(1);
});

it.each([
  [204, 'accepted'],
  [302, 'rejected'],
  [404, 'rejected'],
  [503, 'failed'],
])('takes an answer of %d for %s', async (status, outcome) => {
  const server = await started(
    startBareServer((delivery) => {
      check(delivery);
      return status;
    }),
  );
  const recorded = await recordedBy(() => deliver(server, purchase()));
  expect(recorded.value(metrics.received, { outcome })).toBe(1);
  expect(recorded.value(metrics.conversions)).toBe(outcome === 'accepted' ? 1 : 0);
});

it('leaves requests alone that are no deliveries', async () => {
  const server = await started(listening(createServer((_request, response) => response.end('page'))));
  const recorded = await recordedBy(async () => {
    const ended = new Promise<void>((resolve) => {
      const stop = onRequestEnd(() => {
        stop();
        resolve();
      });
    });
    const { port } = server.address() as AddressInfo;
    request({ host: '127.0.0.1', port, headers: { 'stripe-signature': 't=1,v1=x' }, agent: false }, (response) => response.resume()).end();
    await ended;
    await deliver(server, { headers: {}, body: '{}' });
  });
  for (const metric of Object.values(metrics)) expect(recorded.series(metric), metric.name).toEqual([]);
});
