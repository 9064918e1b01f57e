import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { installHook, runtime } from '@tallyman/core';
import { aiFaults } from '@tallyman/testkit/conformance/ai';
import { type Act, placesIn, settled } from '@tallyman/testkit/conformance/faults';
import { type OpenAIProvider, startOpenAIProvider } from '@tallyman/testkit/providers/openai';
import { afterAll, beforeAll, describe, vi } from 'vitest';
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
        let chunks = 0;
        for await (const _ of stream) chunks += 1;
        return chunks;
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
  });
});
