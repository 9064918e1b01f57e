import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Check, ProviderEvent, ReceivedDelivery, WebhookSubject } from '@tallyman/testkit/conformance/webhooks';
import type StripeClient from 'stripe';
import { servers } from '../servers.test.kit.ts';
import { type ApiGeneration, stripeEvents, thin } from './events.test.data.ts';

/** The parts of the `Stripe` class that both versions have. */
export type StripeClass = typeof StripeClient;
/** A client; what version 17 lacks is undefined. */
export type Client = Omit<StripeClient, 'webhooks'> & {
  readonly webhooks: StripeClient['webhooks'];
  readonly parseThinEvent?: (payload: unknown, header: string, secret: string) => { type: string };
};

const SECRET = 'whsec_conformance';
const require = createRequire(import.meta.url);

/** The folder of a version, and the form in which it is loaded. */
export interface Variant {
  readonly title: string;
  readonly folder: 'stripe' | 'stripe-17';
  readonly form: 'CommonJS' | 'ES module';
  readonly api: ApiGeneration;
}

/** Every version and form that is supported. */
export const variants: readonly Variant[] = [
  { title: 'stripe 23, CommonJS', folder: 'stripe', form: 'CommonJS', api: 'basil' },
  { title: 'stripe 23, ES module', folder: 'stripe', form: 'ES module', api: 'basil' },
  { title: 'stripe 17, CommonJS', folder: 'stripe-17', form: 'CommonJS', api: 'acacia' },
  { title: 'stripe 17, ES module', folder: 'stripe-17', form: 'ES module', api: 'acacia' },
];

/** Loads the SDK, through the module hook where that is installed. */
export async function load({ folder, form }: Pick<Variant, 'folder' | 'form'>): Promise<StripeClass> {
  if (form === 'CommonJS') return require(folder) as StripeClass;
  const { default: loaded } = (await import(folder)) as { default: StripeClass };
  return loaded;
}

/** Forgets a CommonJS copy, so that it is loaded anew. */
export function forget(folder: string): void {
  const root = fileURLToPath(new URL(`../../../../node_modules/${folder}/`, import.meta.url));
  for (const file of Object.keys(require.cache)) if (file.startsWith(root)) delete require.cache[file];
}

/** The header that signs a payload. */
export function signatureOf(stripe: Client, payload: string, options: { secret?: string; timestamp?: number } = {}): string {
  return stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET, ...options } as never);
}

function header({ headers }: ReceivedDelivery): string {
  return headers['stripe-signature'] as string;
}

/** The conformance suite's view of one version and form. */
export async function subjectOf(variant: Variant, loaded?: StripeClass): Promise<WebhookSubject> {
  const Stripe = loaded ?? (await load(variant));
  const stripe = new Stripe('sk_test_unused') as unknown as Client;
  const is23 = variant.folder === 'stripe';
  const signed = ({ body }: ProviderEvent, options?: Parameters<typeof signatureOf>[2]) => ({
    headers: { 'stripe-signature': signatureOf(stripe, body, options) },
    body,
  });
  const check: Check = (delivery) => stripe.webhooks.constructEvent(delivery.body, header(delivery), SECRET);
  return {
    title: variant.title,
    provider: 'stripe',
    servers,
    checks: {
      'constructEvent of a client': check,
      'constructEvent of the class': (delivery) => Stripe.webhooks.constructEvent(delivery.body, header(delivery), SECRET),
      constructEventAsync: (delivery) => stripe.webhooks.constructEventAsync(delivery.body, header(delivery), SECRET),
      'verifyHeader alone': (delivery) =>
        stripe.webhooks.signature?.verifyHeader(delivery.body, header(delivery), SECRET, 300, undefined as never, undefined as never),
    },
    sign: (event) => signed(event),
    forge: (event) => signed(event, { secret: 'whsec_forger' }),
    refused: (event) => ({
      missing_header: { delivery: { headers: {}, body: event.body } },
      malformed: { delivery: { headers: { 'stripe-signature': 'nonsense' }, body: event.body } },
      mismatch: { delivery: { ...signed(event), body: `${event.body} ` } },
      timestamp: { delivery: signed(event, { timestamp: Math.floor(Date.now() / 1000) - 3600 }) },
      parsed_body: {
        delivery: signed(event),
        check: (delivery) => stripe.webhooks.constructEvent(JSON.parse(String(delivery.body)), header(delivery), SECRET),
      },
      no_secret: {
        delivery: signed(event),
        check: (delivery) => stripe.webhooks.constructEvent(delivery.body, header(delivery), undefined as unknown as string),
      },
    }),
    ...stripeEvents(variant.api),
    unverified: is23 ? { constructEventWithoutVerification: ({ body }) => stripe.webhooks.constructEventWithoutVerification(String(body)) } : {},
    thin: {
      event: () => thin('v1.invoice.paid'),
      checks: is23
        ? {
            parseEventNotification: (delivery) => stripe.parseEventNotification(delivery.body as never, header(delivery), SECRET),
            parseEventNotificationAsync: (delivery) => stripe.parseEventNotificationAsync(delivery.body as never, header(delivery), SECRET),
          }
        : { parseThinEvent: (delivery) => stripe.parseThinEvent?.(delivery.body, header(delivery), SECRET) },
    },
  };
}
