import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { featureMetrics } from '@tallyman/catalog';
import { type Configuration, runtime } from '@tallyman/core';
import { thenable } from '@tallyman/testkit';
import { type Act, faultConformance, placesIn, settled, unhandledRejections } from '@tallyman/testkit/conformance/faults';
import { beforeAll, describe, expect, test } from 'vitest';
import { feature, startFeatures } from './index.ts';
import { startUsers } from './users.ts';

/** As SDKs have them: a promise with a method of its own. */
class SdkPromise<T> extends Promise<T> {
  raw(): string {
    return 'raw';
  }
}

const error = new RangeError('no');
const refuse = (): never => {
  throw error;
};
const hostile = new Proxy({ ready: true }, { get: (target, key) => (key === 'ready' ? target.ready : refuse()) });

/** What a function may give, by name. */
const works: Readonly<Record<string, () => unknown>> = {
  'a value': () => 7,
  nothing: () => undefined,
  'a throw': refuse,
  'a promise': async () => 'value',
  'a rejection': async () => refuse(),
  'a promise with properties': () => Object.assign(Promise.resolve('value'), { cancel: () => 'cancelled' }),
  'a promise of another class': () => new SdkPromise((resolve) => resolve('value')),
  'a rejection of another class': () => new SdkPromise((_resolve, reject) => reject(error)),
  'a thenable': () => thenable(() => 'rows'),
  'a frozen promise': () => Object.freeze(new SdkPromise((resolve) => resolve('value'))),
};

async function described(run: () => unknown): Promise<unknown> {
  let given: unknown;
  try {
    given = run();
  } catch (thrown) {
    return { thrown: thrown === error };
  }
  const own = typeof given === 'object' && given !== null ? Object.keys(given) : [];
  return {
    class: (given as object | undefined)?.constructor?.name,
    own,
    raw: (given as Partial<SdkPromise<unknown>>)?.raw?.(),
    settled: await settled(() => given),
  };
}

/** The answer of a server that does its work as a feature. */
async function served(run: <T>(work: () => T) => T): Promise<unknown> {
  const server = createServer((request, response) => {
    Object.assign(request, { user: { id: 'a' }, route: { path: '/match' }, baseUrl: '', originalUrl: request.url });
    run(async () => void response.end(`matched ${request.method}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/match`, { headers: { connection: 'close' } });
  const text = await response.text();
  await new Promise((resolve) => server.close(resolve));
  return [response.status, text];
}

describe('features', () => {
  beforeAll(() => {
    const user = (request: { user?: { id?: unknown } }) => request.user?.id;
    runtime.configuration = { user, features: { job_match: { routes: ['GET /match'] }, cv_parse: { jobs: ['cv-queue'] } } } as Configuration;
    startFeatures();
  });

  const acts = Object.entries(works).map(([title, work]): [string, Act] => [
    title,
    (variant) => described(() => (variant === 'bare' ? work() : feature('cv_parse', () => feature('cv_parse', work)))),
  ]);
  faultConformance({
    acts: {
      ...Object.fromEntries(acts),
      'what has a getter that throws': (variant) => (variant === 'bare' ? hostile : feature('cv_parse', () => hostile)).ready,
      'a rejection that nobody handles': async (variant) =>
        void (variant === 'bare' ? works['a rejection']?.() : feature('cv_parse', works['a rejection'] as () => unknown)),
      'a request to a configured route': (variant) => served(variant === 'bare' ? (work) => work() : (work) => feature('other', work)),
    },
    // A request whose answer is not known ends when its connection is closed, as one that was aborted.
    instead: { 'request.answered': [featureMetrics.errors] },
    places: [...placesIn(new URL('.', import.meta.url)), 'attribution.route', 'attribution.configuration'],
  });
});

test.each([
  ['throws', refuse],
  ['gives a promise that rejects', async () => refuse()],
  ['gives a promise that never settles', () => new Promise(() => undefined)],
  ['gives a hostile object', () => hostile],
  ['gives a number that is none', () => Number.NaN],
])('a configured user that %s harms no request', async (_title, user) => {
  runtime.configuration = { user } as Configuration;
  startUsers();
  let seen: unknown;
  const unhandled = await unhandledRejections(async () => {
    seen = await served((work) => work());
  });
  expect({ seen, unhandled }).toEqual({ seen: [200, 'matched GET'], unhandled: [] });
});
