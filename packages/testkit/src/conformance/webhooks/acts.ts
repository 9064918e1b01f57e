import { once } from 'node:events';
import type { Server } from 'node:http';
import { settled } from '../faults/index.ts';
import { bought, checking } from './bench.ts';
import { type Handler, type OutgoingDelivery, open, type ReceivedDelivery, type StartServer, startBareServer } from './http.ts';
import type { Check, ProviderEvent, WebhookSubject } from './subject.ts';

/** Something that happens to an application with webhooks; gives what it and the provider see of it, as plain data. */
export type WebhookAct = (subject: WebhookSubject) => Promise<unknown>;

/** What an application sees of its checks, without the ids and times that are others each time. */
class Application {
  readonly seen: unknown[] = [];
  readonly #check: Check;

  constructor(check: Check) {
    this.#check = check;
  }

  /** The check, noting what comes of it. */
  readonly check: Check = async (delivery) => {
    const result = await settled(() => this.#check(delivery));
    this.seen.push(JSON.parse(JSON.stringify(result).replace(/\d+/g, '0')));
    if (!('value' in (result as object))) throw new Error('refused');
  };
}

/** Delivers one after the other, and resolves with the statuses when every connection is closed. */
async function deliverAll(deliveries: readonly OutgoingDelivery[], handler: Handler, start: StartServer = startBareServer): Promise<number[]> {
  const server = await start(handler);
  const statuses: number[] = [];
  for (const delivery of deliveries) {
    const outgoing = open(server, delivery).end(delivery.body);
    const [response] = await once(outgoing, 'response');
    statuses.push(response.statusCode);
    await once(response.resume(), 'end');
  }
  await closed(server);
  return statuses;
}

async function closed(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

interface Circumstances {
  readonly check?: Check | undefined;
  readonly status?: number;
  readonly start?: StartServer;
}

function firstCheck({ checks }: WebhookSubject): Check {
  return Object.values(checks)[0] as Check;
}

async function deliveries(subject: WebhookSubject, all: readonly OutgoingDelivery[], { check, status, start }: Circumstances = {}): Promise<unknown> {
  const application = new Application(check ?? firstCheck(subject));
  return { statuses: await deliverAll(all, checking(application.check, status), start), seen: application.seen };
}

const events = (subject: WebhookSubject, all: readonly ProviderEvent[]): Promise<unknown> =>
  deliveries(
    subject,
    all.map((event) => subject.sign(event)),
  );

const purchase = (subject: WebhookSubject): ProviderEvent => subject.purchase(bought)[0] as ProviderEvent;

/** The provider hangs up while the application works on its delivery. */
async function hungUp(subject: WebhookSubject): Promise<unknown> {
  const application = new Application(firstCheck(subject));
  const verified = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<number>();
  const server = await startBareServer(async (delivery) => {
    await application.check(delivery);
    verified.resolve();
    return gone.promise;
  });
  server.once('connection', (socket) => socket.once('close', () => gone.resolve(200)));
  const delivery = subject.sign(purchase(subject));
  const outgoing = open(server, delivery).on('error', () => undefined);
  outgoing.end(delivery.body);
  await verified.promise;
  outgoing.destroy();
  await closed(server);
  return application.seen;
}

/** The application answers first and checks afterwards. */
async function checkedLate(subject: WebhookSubject): Promise<unknown> {
  const application = new Application(firstCheck(subject));
  const received: ReceivedDelivery[] = [];
  const statuses = await deliverAll([subject.sign(purchase(subject))], (delivery) => {
    received.push(delivery);
    return 200;
  });
  for (const delivery of received) await settled(() => application.check(delivery));
  return { statuses, seen: application.seen };
}

async function outsideOfARequest(subject: WebhookSubject): Promise<unknown> {
  const application = new Application(firstCheck(subject));
  await application.check(subject.sign(purchase(subject)));
  return application.seen;
}

/** What happens to applications with webhooks of this provider, by name. */
export function webhookActs(subject: WebhookSubject): Readonly<Record<string, WebhookAct>> {
  const acts: Record<string, WebhookAct> = {
    'a purchase': (of) => events(of, of.purchase(bought)),
    'the first payment of a subscription': (of) => events(of, of.subscriptionPurchase(bought)),
    'a renewal': (of) => events(of, of.renewal(bought)),
    'a declined payment': (of) => events(of, of.declined(bought, 'insufficient_funds')),
    'a refund': (of) => {
      const { purchase: paid, refund } = of.refunded(bought, 500);
      return events(of, [...paid, ...refund]);
    },
    'a dispute': (of) => {
      const { purchase: paid, dispute } = of.disputed(bought);
      return events(of, [...paid, ...dispute]);
    },
    'a subscription that comes and goes': (of) => events(of, [of.subscriptionCreated('pro'), of.subscriptionCancelled('pro')]),
    'a delivery that fails, and is delivered again': async (of) => {
      const signed = of.sign(purchase(of));
      return [await deliveries(of, [signed], { status: 500 }), await deliveries(of, [signed, signed])];
    },
    'a delivery that the application refuses': (of) => deliveries(of, [of.sign(purchase(of))], { status: 422 }),
    'a delivery that nobody verifies': (of) => deliveries(of, [of.sign(purchase(of))], { check: () => 'not checked' }),
    'a provider that hangs up': hungUp,
    'a check after the answer': checkedLate,
    'a check outside of any request': outsideOfARequest,
    'a check that nobody waits for': async (of) => {
      const { body, headers } = of.forge(purchase(of));
      for (const check of Object.values(of.checks)) void Promise.resolve({ body, headers }).then(check);
    },
  };
  for (const name of Object.keys(subject.checks)) {
    acts[`${name}, of a good delivery`] = (of) => deliveries(of, [of.sign(purchase(of))], { check: of.checks[name] });
    acts[`${name}, of a forgery`] = (of) => deliveries(of, [of.forge(purchase(of))], { check: of.checks[name] });
  }
  for (const reason of Object.keys(subject.refused(purchase(subject))) as (keyof ReturnType<WebhookSubject['refused']>)[])
    acts[`a check that fails: ${reason}`] = (of) => {
      const refused = of.refused(purchase(of))[reason];
      return deliveries(of, [refused?.delivery as OutgoingDelivery], { check: refused?.check });
    };
  for (const name of Object.keys(subject.unverified)) acts[name] = (of) => deliveries(of, [of.sign(purchase(of))], { check: of.unverified[name] });
  for (const name of Object.keys(subject.thin?.checks ?? {}))
    acts[name] = (of) => deliveries(of, [of.sign(of.thin?.event() as ProviderEvent)], { check: of.thin?.checks[name] });
  for (const [name, start] of Object.entries(subject.servers))
    acts[`behind ${name}`] = (of) => deliveries(of, [of.sign(purchase(of)), of.forge(purchase(of))], { start });
  return acts;
}
