import { webhookMetrics } from '@tallyman/catalog';
import { installHook } from '@tallyman/core';
import { recordedBy } from '@tallyman/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { snapshot, thin } from './events.test.data.ts';
import { adapter, instrumentStripe } from './index.ts';
import { type Client, forget, load, type StripeClass, signatureOf } from './subjects.test.data.ts';

const SECRET = 'whsec_conformance';
const folders = ['stripe', 'stripe-17'] as const;
type Copies = { readonly bare: StripeClass; readonly hooked: StripeClass; readonly instrumented: StripeClass };
const copies = new Map<string, Copies>();
const limit = Error.stackTraceLimit;

async function fresh(folder: 'stripe' | 'stripe-17'): Promise<StripeClass> {
  forget(folder);
  return load({ folder, form: 'CommonJS' });
}

beforeAll(async () => {
  Error.stackTraceLimit = 50;
  const before = new Map<string, Omit<Copies, 'hooked'>>();
  for (const folder of folders) before.set(folder, { bare: await fresh(folder), instrumented: await fresh(folder) });
  for (const folder of folders) forget(folder);
  installHook([adapter]);
  for (const folder of folders) copies.set(folder, { ...(before.get(folder) as Omit<Copies, 'hooked'>), hooked: await fresh(folder) });
});

afterAll(() => {
  Error.stackTraceLimit = limit;
});

const event = snapshot('plan.created', { id: 'plan_1', object: 'plan' });
const old = Math.floor(Date.now() / 1000) - 3600;
type Attempt = (stripe: Client, signature: (payload: string, timestamp?: number) => string) => unknown;

/** What an application may do right or wrong. */
const attempts: Readonly<Record<string, Attempt>> = {
  'a valid text': ({ webhooks }, sign) => webhooks.constructEvent(event.body, sign(event.body), SECRET),
  'a valid buffer': ({ webhooks }, sign) => webhooks.constructEvent(Buffer.from(event.body), sign(event.body), SECRET),
  'a header that is a buffer': ({ webhooks }, sign) => webhooks.constructEvent(event.body, Buffer.from(sign(event.body)), SECRET),
  'a valid text, asynchronously': ({ webhooks }, sign) => webhooks.constructEventAsync(event.body, sign(event.body), SECRET),
  'a forged text': ({ webhooks }, sign) => webhooks.constructEvent(`${event.body} `, sign(event.body), SECRET),
  'a forged text, asynchronously': ({ webhooks }, sign) => webhooks.constructEventAsync(`${event.body} `, sign(event.body), SECRET),
  'an old delivery': ({ webhooks }, sign) => webhooks.constructEvent(event.body, sign(event.body, old), SECRET),
  'an old delivery, tolerated': ({ webhooks }, sign) => webhooks.constructEvent(event.body, sign(event.body, old), SECRET, 7200),
  'a parsed body': ({ webhooks }, sign) => webhooks.constructEvent(JSON.parse(event.body), sign(event.body), SECRET),
  'no header': ({ webhooks }) => webhooks.constructEvent(event.body, undefined as never, SECRET),
  'no header, asynchronously': ({ webhooks }) => webhooks.constructEventAsync(event.body, undefined as never, SECRET),
  'a header that is an array': ({ webhooks }, sign) => webhooks.constructEvent(event.body, [sign(event.body)] as never, SECRET),
  'a header of nonsense': ({ webhooks }) => webhooks.constructEvent(event.body, 'nonsense', SECRET),
  'no body': ({ webhooks }, sign) => webhooks.constructEvent(undefined as never, sign(event.body), SECRET),
  'no secret': ({ webhooks }, sign) => webhooks.constructEvent(event.body, sign(event.body), undefined as never),
  'an empty secret': ({ webhooks }, sign) => webhooks.constructEvent(event.body, sign(event.body), ''),
  'a signed text that is no JSON': ({ webhooks }, sign) => webhooks.constructEvent('nonsense', sign('nonsense'), SECRET),
  'a thin event': ({ webhooks }, sign) => webhooks.constructEvent(thin1.body, sign(thin1.body), SECRET),
  'a destructured method': ({ webhooks: { constructEvent } }, sign) => constructEvent(event.body, sign(event.body), SECRET),
  'the check alone': ({ webhooks }, sign) => webhooks.signature?.verifyHeader(event.body, sign(event.body), SECRET, 300, undefined as never, 0),
  'the forged check alone': ({ webhooks }, sign) => webhooks.signature?.verifyHeader('{}', sign(event.body), SECRET, 300, undefined as never, 0),
  'no verification': ({ webhooks }) => webhooks.constructEventWithoutVerification?.(event.body),
  'no verification of nonsense': ({ webhooks }) => webhooks.constructEventWithoutVerification?.('{}'),
};
const thin1 = thin('v1.invoice.paid');

/** Everything that the caller can see of a result, or of an error without the frames of Tallyman's wrapper and of the test runner. */
async function seen(stripe: Client, attempt: Attempt): Promise<unknown> {
  const timestamp = Math.floor(Date.now() / 1000);
  const sign = (payload: string, at = timestamp) => signatureOf(stripe, payload, { timestamp: at });
  try {
    const result = attempt(stripe, sign);
    const isPromise = result instanceof Promise;
    return { isPromise, promiseClass: isPromise ? result.constructor === Promise : undefined, value: await result };
  } catch (error) {
    const { message, stack = '', ...members } = error as Error & Record<string, unknown>;
    const frames = stack.split('\n').filter((line) => !/webhooks\/src\/stripe\/patch\.ts|node_modules\/vitest\//.test(line));
    return { class: (error as Error).constructor.name, message, frames, members: JSON.stringify(members).replaceAll(/t=\d+,v1=\w+/g, 'signature') };
  }
}

describe.each(folders)('an application with %s', (folder) => {
  const client = (kind: keyof Copies): Client => new (copies.get(folder) as Copies)[kind]('sk_test_unused') as unknown as Client;

  it.each(Object.entries(attempts))('gets what the SDK alone gives: %s', async (_name, attempt) => {
    const outcomes: unknown[] = [];
    for (const kind of ['bare', 'hooked'] as const) {
      await undefined;
      outcomes.push(await seen(client(kind), attempt));
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it('sees the same members, names and lengths', () => {
    const described = (object: unknown): unknown =>
      Object.entries(Object.getOwnPropertyDescriptors(object as object)).map(([key, { value, ...flags }]) => [
        key,
        flags,
        typeof value === 'function' ? [value.name, value.length, Object.getOwnPropertyNames(value)] : typeof value,
      ]);
    for (const of of [({ webhooks }: Client) => webhooks, ({ webhooks }: Client) => webhooks.signature])
      expect(described(of(client('hooked')))).toEqual(described(of(client('bare'))));
  });

  it('keeps the rejection of a promise that nobody handles', async () => {
    const rejected: unknown[] = [];
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    const done = new Promise<void>((resolve) => {
      process.on('unhandledRejection', (reason) => {
        rejected.push(reason);
        resolve();
      });
    });
    void client('hooked').webhooks.constructEventAsync('{}', 'nonsense', SECRET);
    await done;
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
    expect(rejected).toMatchObject([{ type: 'StripeSignatureVerificationError' }]);
  });

  it('measures a bundled client that names itself, once, and the class too', async () => {
    const { instrumented: Stripe } = copies.get(folder) as Copies;
    const stripe = new Stripe('sk_test_unused');
    expect(instrumentStripe(stripe)).toBe(stripe);
    instrumentStripe(stripe);
    expect(instrumentStripe(Stripe)).toBe(Stripe);
    const verify = (webhooks: Client['webhooks']) => {
      const { body } = snapshot('plan.created', { id: 'plan_1', object: 'plan' });
      return webhooks.constructEvent(body, signatureOf(stripe as unknown as Client, body), SECRET);
    };
    const recorded = await recordedBy(() => [verify(stripe.webhooks), verify(Stripe.webhooks)]);
    expect(recorded.value(webhookMetrics.received, { 'webhook.event_type': 'plan.created', 'webhook.verification': 'sdk' })).toBe(2);
    expect(recorded.value(webhookMetrics.received)).toBe(2);
  });

  it('is not measured twice where the module hook and the application both ask for it', async () => {
    const stripe = client('hooked');
    instrumentStripe(stripe);
    const recorded = await recordedBy(() => stripe.webhooks.constructEvent(event.body, signatureOf(stripe, event.body), SECRET));
    expect(recorded.value(webhookMetrics.received) + recorded.value(webhookMetrics.duplicates)).toBeGreaterThan(0);
    expect(recorded.value(webhookMetrics.received)).toBe(1);
  });

  it('keeps running when what it hands over is no client', () => {
    for (const nothing of [{ webhooks: undefined }, { webhooks: null }, { webhooks: Object.freeze({ signature: Object.freeze({ verifyHeader() {} }) }) }])
      expect(instrumentStripe(nothing)).toBe(nothing);
  });
});
