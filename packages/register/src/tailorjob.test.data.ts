import { fileURLToPath } from 'node:url';
import { type RunningProcess, runApp } from '@tallyman/testkit';

const example = new URL('../../../examples/tailorjob/', import.meta.url);

/** The folder of the example application. */
export const exampleFolder = fileURLToPath(example);
/** The built preload. */
export const preload = fileURLToPath(new URL('../dist/preload.cjs', import.meta.url));

/** One request of the fixed script and its answer. */
export interface Answered {
  readonly request: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** The example's providers: a local server that speaks the wire formats of OpenAI and Stripe. */
export interface Providers {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** The example is plain JavaScript outside this package, so that its modules are loaded by address. */
async function load<T>(path: string): Promise<T> {
  return (await import(new URL(path, example).href)) as T;
}

/** What the fixed script makes the application do; see examples/tailorjob/expected.mjs. */
export interface Expected {
  readonly REQUESTS: readonly { readonly request: string; readonly status: number; readonly count: number }[];
  readonly JOBS: readonly {
    readonly queue: string;
    readonly name: string;
    readonly enqueued: number;
    readonly attempts: number;
    readonly completed: number;
    readonly retries: number;
    readonly failed: number;
    readonly error: string;
  }[];
  readonly CALLS: readonly {
    readonly feature: string;
    readonly api: 'chat.completions' | 'responses' | 'embeddings' | 'images';
    readonly model: string;
    readonly served: string | undefined;
    readonly streamed: boolean;
    readonly outcome: 'ok' | 'error' | 'aborted';
    readonly error?: string;
    readonly count: number;
    readonly usage: { readonly input: number; readonly cached: number; readonly output: number; readonly reasoning: number } | undefined;
    readonly priced: boolean;
  }[];
  readonly DELIVERIES: readonly { readonly type: string; readonly status: number; readonly count: number }[];
  readonly DUPLICATES: number;
  readonly PAYMENTS: readonly {
    readonly plan: string;
    readonly kind: 'purchase' | 'renewal' | 'refund' | 'dispute';
    readonly currency: string;
    readonly amount: number;
    readonly method: string;
  }[];
  readonly FAILED_PAYMENTS: readonly { readonly method: string; readonly code: string; readonly declineCode: string; readonly count: number }[];
  readonly SUBSCRIPTIONS: readonly { readonly plan: string; readonly change: string }[];
  costOf(calls: Expected['CALLS'][number]): { readonly input: number; readonly cache_read: number; readonly output: number; readonly image: number };
}

/** Loads what the fixed script is expected to do. */
export async function loadExpected(): Promise<Expected> {
  return await load<Expected>('expected.mjs');
}

/** Starts the example's providers, which answer at once; on a free port unless one is given. */
export async function startProviders(port = 0): Promise<Providers> {
  const { startProviders: start } = await load<{ startProviders(options: object): Promise<Providers> }>('providers/server.mjs');
  return await start({ pace: 0, port });
}

/** Plays the fixed script against the application. */
export async function playScript(app: string, providers: Providers): Promise<readonly Answered[]> {
  const { playScript: play } = await load<{ playScript(addresses: object): Promise<readonly Answered[]> }>('traffic/play.mjs');
  return await play({ app, providers: providers.url });
}

/** Starts an entry point of the example, bare or under the preload; resolves when it listens. */
export async function startExample(options: {
  readonly entry: string;
  readonly providers: Providers;
  readonly isPreloaded: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
}): Promise<{ readonly app: RunningProcess; readonly url: string }> {
  const { entry, providers, isPreloaded, env = {} } = options;
  const app = await runApp({
    entry,
    cwd: exampleFolder,
    ...(isPreloaded && { preload }),
    env: { ...providers.environment, PORT: '0', REDIS_URL: undefined, ...env },
  });
  const [, url = ''] = await app.ready(/listening on (\S+)/, 90_000);
  return { app, url };
}
