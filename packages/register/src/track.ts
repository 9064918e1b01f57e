import { subscribe } from 'node:diagnostics_channel';
import type { AiCallEvent, DeliveryEvent, FeatureUseEvent, JobEvent, PaymentEvent } from '@tallyman/core';
import { writeLine } from '@tallyman/core/early';

type Value = string | number | boolean | undefined;
type Fields = Readonly<Record<string, Value>>;

/** Longest text of a field, in UTF-16 code units. */
const LONGEST = 100;

/** What is written of each event: never an id, a user, a message or a content. */
const LINES: { readonly [channel: string]: readonly [name: string, fields: (event: never) => Fields] } = {
  'tallyman:ai.call': ['ai.call', aiCall],
  'tallyman:webhook.delivery': ['webhook.delivery', delivery],
  'tallyman:payment': ['payment', payment],
  'tallyman:queue.job': ['queue.job', job],
  'tallyman:feature.use': ['feature.use', featureUse],
};

/** Writes one line to stderr for each tracked event, whatever `OTEL_LOG_LEVEL` says: `[tallyman] track ai.call operation=chat provider=openai ...`. */
export function startTracking(): void {
  for (const [channel, [name, fields]] of Object.entries(LINES)) {
    subscribe(channel, (event) => {
      try {
        writeLine(`track ${name}${written(fields(event as never))}`);
      } catch {
        // The application's calls publish these events.
      }
    });
  }
}

function aiCall(event: AiCallEvent): Fields {
  const { operation, provider, requestModel, responseModel, outcome, errorType, streamed, durationSeconds, usage, images, costUsd, costSource, feature } =
    event;
  const tokens = usage && { input: usage.input, output: usage.output, cache_read: some(usage.cacheRead), cache_write: some(usage.cacheWrite) };
  return {
    operation,
    provider,
    model: requestModel,
    served: responseModel === requestModel ? undefined : responseModel,
    outcome,
    error: errorType,
    streamed: streamed || undefined,
    seconds: durationSeconds,
    ...tokens,
    reasoning: some(usage?.reasoning),
    images: some(images),
    usd: costUsd,
    price: costSource,
    feature,
  };
}

function delivery({ provider, eventType, outcome, verification, duplicate, durationSeconds, feature }: DeliveryEvent): Fields {
  return { provider, type: eventType, outcome, verification, duplicate: duplicate || undefined, seconds: durationSeconds, feature };
}

function payment({ kind, provider, method, plan, amount, currency, errorType, change }: PaymentEvent): Fields {
  return { kind, provider, method, plan, amount, currency, error: errorType, change };
}

function job({ queue, type, system, outcome, errorType, durationSeconds, waitSeconds, feature }: JobEvent): Fields {
  return { queue, type, system, outcome, error: errorType, seconds: durationSeconds, wait: waitSeconds, feature };
}

function featureUse({ feature, version, outcome, errorType, durationSeconds }: FeatureUseEvent): Fields {
  return { feature, version, outcome, error: errorType, seconds: durationSeconds };
}

function some(count: number | undefined): number | undefined {
  return count === 0 ? undefined : count;
}

function written(fields: Fields): string {
  return Object.entries(fields)
    .filter((field): field is [string, Exclude<Value, undefined>] => field[1] !== undefined)
    .map(([key, value]) => ` ${key}=${typeof value === 'number' ? decimal(value) : quoted(String(value))}`)
    .join('');
}

/** Without exponents, and with no more digits than a price needs. */
function decimal(value: number): string {
  return Number.isFinite(value) && Math.abs(value) < 1e15 ? value.toFixed(9).replace(/\.?0+$/, '') : String(value);
}

/** A word as it is; anything else as a JSON string, so that a line stays one line and its fields apart. */
function quoted(value: string): string {
  const text = value
    .slice(0, LONGEST)
    .toWellFormed()
    .replace(/\p{C}+/gu, ' ');
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}
