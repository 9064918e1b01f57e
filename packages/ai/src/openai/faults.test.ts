import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { aiMetrics as metrics } from '@tallyman/catalog';
import { installHook, runtime } from '@tallyman/core';
import { recordedBy } from '@tallyman/testkit';
import { aiFaults } from '@tallyman/testkit/conformance/ai';
import { type Act, type Adversity, placesIn, settled } from '@tallyman/testkit/conformance/faults';
import { CHAT_USAGE, type OpenAIProvider, startOpenAIProvider } from '@tallyman/testkit/providers/openai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { adapters, instrumentOpenAI } from '../index.ts';
import { PATIENCE } from '../waiting.ts';
import { type Clients, edgeCases, furtherCases } from './edge-cases.mjs';
import { clientsOf, subject } from './subject.test.kit.ts';

const require = createRequire(import.meta.url);
const clients = new Map<string, { readonly bare: Clients; readonly measured: Clients }>();
const packages = ['openai', 'openai-6'];
let provider: OpenAIProvider;

/** A copy of its own: the module hook sees each copy when it is loaded. */
function load(name: string): Clients {
  const folder = dirname(require.resolve(name));
  for (const file of Object.keys(require.cache)) if (file.startsWith(folder)) delete require.cache[file];
  return clientsOf(require(name).OpenAI, provider);
}

beforeAll(async () => {
  provider = await startOpenAIProvider({ chunks: 20 });
  const bare = packages.map(load);
  installHook(adapters);
  for (const [index, name] of packages.entries()) clients.set(name, { bare: bare[index] as Clients, measured: load(name) });
});
afterAll(() => provider.stop());

function refuse(): never {
  throw new RangeError('refused');
}

/** An application with OpenTelemetry, whose context manager works, or throws before or after what it is to run. */
function withContexts<T>(fails: 'never' | 'at first' | 'at last', work: () => Promise<T>): Promise<T> {
  const manager = new AsyncLocalStorageContextManager().enable();
  const run = manager.with.bind(manager);
  manager.with = ((...args: Parameters<typeof run>) => {
    if (fails === 'at first') throw new Error('a context manager');
    const result = run(...args);
    if (fails === 'at last') throw new Error('a context manager');
    return result;
  }) as typeof manager.with;
  context.setGlobalContextManager(manager);
  return work().finally(() => context.disable());
}

const prices = require('@pydantic/genai-prices') as { calcPrice: unknown };
const HOUR_MS = 3_600_000;
const { now } = Date;
let ahead = 0;
beforeAll(() => {
  Date.now = () => now() + ahead;
});
afterAll(() => {
  Date.now = now;
});

/** A price table that answers like this, or fails; the clock leaps, so that no rate is kept that was looked up before or meanwhile. */
function priceTable(calcPrice?: () => unknown): Adversity {
  return (fail) => {
    const { calcPrice: original } = prices;
    prices.calcPrice = calcPrice ?? fail;
    ahead += HOUR_MS;
    return () => {
      prices.calcPrice = original;
      ahead += HOUR_MS;
    };
  };
}

const rated = (rate: unknown) => () => ({ model_price: { input_mtok: rate, output_mtok: rate } });
const throwing = { 'a price table that throws': priceTable() };
const priceTables: Readonly<Record<string, Adversity>> = {
  ...throwing,
  'a price table that answers nothing': priceTable(() => undefined),
  'a price table of NaN': priceTable(rated(Number.NaN)),
  'a price table of negative prices': priceTable(rated(-1)),
  'a price table of infinite prices': priceTable(rated(Number.POSITIVE_INFINITY)),
  'a price table of words': priceTable(rated('cheap')),
  'a price table of prices that throw': priceTable(() => ({
    model_price: {
      get input_mtok() {
        return refuse();
      },
    },
  })),
};

describe.each(packages)('%s', (name) => {
  const of = (variant: 'bare' | 'measured') => (): Clients => (clients.get(name) as { bare: Clients; measured: Clients })[variant];
  const cases = Object.entries({ ...edgeCases, ...furtherCases });
  const acts = cases.map(([title, run]): [string, Act] => [title, async (variant) => JSON.parse(JSON.stringify(await run(of(variant)())) ?? 'null')]);
  const ask = (variant: 'bare' | 'measured') => settled(async () => (await edgeCases['plain create']?.(of(variant)())) as object);
  const further: Record<string, Act> = {
    'a call in a context of OpenTelemetry': (variant) => withContexts('never', () => ask(variant)),
    'a context manager that throws at first': (variant) => withContexts('at first', () => ask(variant)),
    'a context manager that throws at last': (variant) => withContexts('at last', () => ask(variant)),
    'a raw response whose body is never parsed': async (variant) => {
      const { status } = await of(variant)().client.chat.completions.create({ model: 'gpt-5', messages: [] }).asResponse();
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      return status;
    },
    'a path that makes the client throw at once': (variant) =>
      settled(() => of(variant)().client.post.call({ methodRequest: refuse } as never, '/embeddings', {})),
    'a client that the application hands over': (variant) => {
      const { client } = of(variant)();
      return variant === 'bare' || instrumentOpenAI(client) === client;
    },
    'an answer that lies unread for long': async (variant) => {
      // The one timer that looks after such answers may be a real one.
      const waiting = runtime.shared.get('ai.waiting') as { timer: NodeJS.Timeout | undefined };
      clearTimeout(waiting.timer);
      waiting.timer = undefined;
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      try {
        const stream = await of(variant)().client.chat.completions.create({ model: 'gpt-5', messages: [], stream: true });
        vi.advanceTimersByTime(2 * PATIENCE);
        stream.controller.abort();
        return Object.keys(stream);
      } finally {
        vi.useRealTimers();
      }
    },
  };
  aiFaults({
    measured: subject(of('measured')),
    bare: subject(of('bare')),
    acts: { ...Object.fromEntries(acts), ...further },
    places: placesIn(new URL('..', import.meta.url)),
    adversities: throwing,
  });
});

describe.each(Object.entries(priceTables))('%s', (_title, begin) => {
  it('prices no call, which counts as unpriced, and leaves all other numbers and the answer', async () => {
    const { measured, bare } = clients.get('openai') as { measured: Clients; bare: Clients };
    const end = begin(refuse);
    let answer: unknown;
    const recorded = await recordedBy(async () => {
      answer = await edgeCases['plain create']?.(measured);
    });
    end();
    expect(answer).toEqual(await edgeCases['plain create']?.(bare));
    expect([recorded.value(metrics.calls, { outcome: 'ok' }), recorded.value(metrics.unpricedCalls), recorded.value(metrics.cost)]).toEqual([1, 1, 0]);
    expect(recorded.value(metrics.inputTokens)).toBe(CHAT_USAGE.input);
  });
});
