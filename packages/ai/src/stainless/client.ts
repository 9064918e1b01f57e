import { runtime, safely } from '@tallyman/core';
import { type AiCall, measureCall } from '../call.ts';
import { isOwned, owning, owningForNow } from '../ownership.ts';
import type { Dialect } from './dialect.ts';
import { type ApiPromise, followPromise } from './promise.ts';

/** The object that owns the method `post`: the prototype of a client class. */
interface Poster {
  post(path: string, options?: unknown): ApiPromise;
}

/** Measures what clients with this prototype post, once however often it is asked; throws a TypeError when there is no `post`. */
export function patchPost<Client extends object>(prototype: object, dialect: Dialect<Client>): void {
  if (runtime.patched.has(prototype)) return;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'post');
  const original = descriptor?.value as Poster['post'] | undefined;
  if (typeof original !== 'function') throw new TypeError('the client has no method post');
  const { post } = {
    post(this: Client, path: string, options?: unknown): ApiPromise {
      const call = safely('ai.begin', () => begin(this, path, options, dialect));
      if (call === undefined) return original.call(this as never, path, options);
      let promise: ApiPromise;
      try {
        const own = safely('ai.ownership', ownershipOf, this, prototype) ?? owning;
        promise = own(() => original.call(this as never, path, options));
      } catch (error) {
        safely('ai.thrown', () => fail(call, error, dialect));
        throw error;
      }
      safely('ai.promise', () => followPromise(promise, call, dialect));
      return promise;
    },
  };
  Object.defineProperty(post, 'length', { value: original.length });
  Object.defineProperty(prototype, 'post', { ...descriptor, value: post });
  runtime.patched.add(prototype);
}

/** What makes the requests of a client. */
const DISPATCH = ['post', 'request', 'fetchWithAuth', 'fetchWithTimeout'] as const;
type Dispatching = { readonly [Name in (typeof DISPATCH)[number] | 'fetch']?: unknown };

/**
 * Only what an application has put in the place of a method that makes requests, or of `fetch`, may ask another client, at any time, for the same
 * inference. Otherwise a method of a derived class that calls this one is all there can be, and does so at once.
 */
function ownershipOf(client: Dispatching, prototype: Dispatching): typeof owning {
  return client.fetch === globalThis.fetch && DISPATCH.every((name) => client[name] === prototype[name]) ? owningForNow : owning;
}

function begin<Client>(client: Client, path: string, options: unknown, dialect: Dialect<Client>): AiCall | undefined {
  const operation = dialect.operationOf(path);
  if (operation === undefined || isOwned()) return undefined;
  const call = measureCall({ operation, ...dialect.backendOf(client) });
  const describe = (known: unknown): void => void safely('ai.describe', () => call.describe(dialect.describe(known, client)));
  // The SDK handles a rejection of these options itself; ours must not add an unhandled one.
  if (isThenable(options)) options.then(describe, () => undefined);
  else describe(options);
  return call;
}

/** Not by class: under test runners the SDK has a Promise of its own. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as Partial<PromiseLike<unknown>>).then === 'function';
}

function fail<Client>(call: AiCall, error: unknown, dialect: Dialect<Client>): void {
  const { outcome, errorType } = dialect.failureOf(error);
  call.end(outcome, errorType);
}
