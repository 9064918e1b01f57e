import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { featureMetrics } from '@tallyman/catalog';
import { channels, continueInJob, currentRequest, type FeatureUseEvent, namedFeature, onRequestEnd, runtime } from '@tallyman/core';
import { type Recorded, recordedBy, waitFor } from '@tallyman/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { feature, startFeatures } from './index.ts';

const { usage, errors, duration } = featureMetrics;

let server: Server;
let ended = 0;
let handler: (request: IncomingMessage, response: ServerResponse) => unknown;

beforeAll(async () => {
  runtime.configuration = { features: { match: { routes: ['POST /match/:id'], version: 'v5' }, parse: { routes: ['POST /cv'], jobs: ['cv-queue'] } } };
  startFeatures();
  onRequestEnd(() => {
    ended += 1;
  });
  server = createServer((request, response) => {
    const record = currentRequest();
    // As the adapter of a framework does.
    if (record !== undefined) record.matchedTemplate = request.url?.replace(/^\/match\/.*/, '/match/:id');
    return handler(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => void server.close());

async function requested(path: string, served: typeof handler, options: RequestInit = {}): Promise<Recorded> {
  handler = served;
  const before = ended;
  return recordedBy(async () => {
    const { port } = server.address() as AddressInfo;
    await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', ...options }).then(
      (response) => response.text(),
      () => undefined,
    );
    await waitFor(
      () => ended,
      (count) => count > before,
      { interval: 1 },
    );
  });
}

const uses = (recorded: Recorded) => recorded.series(usage).filter(({ value }) => value > 0);

test('to a configured route is a use with version and duration, and what it causes belongs to the feature', async () => {
  const published: FeatureUseEvent[] = [];
  const stop = channels.featureUse.subscribe((event) => void published.push(event));
  let caused: unknown;
  const recorded = await requested('/match/7', async (_request, response) => {
    await null;
    caused = namedFeature();
    response.end();
  });
  stop();
  expect(uses(recorded)).toEqual([{ attributes: { feature: 'match', outcome: 'ok', 'feature.version': 'v5' }, value: 1, count: 0 }]);
  expect(recorded.count(duration, { feature: 'match', outcome: 'ok', 'feature.version': 'v5' })).toBe(1);
  expect(caused).toBe('match');
  expect(published).toMatchObject([{ feature: 'match', outcome: 'ok', version: 'v5', requestId: expect.any(String) }]);
});

test.each([
  [204, undefined],
  [302, undefined],
  [400, '400'],
  [404, '404'],
  [429, '429'],
  [500, '500'],
])('that is answered with %i fails as %s', async (status, errorType) => {
  const recorded = await requested('/match/7', (_request, response) => response.writeHead(status).end(), { redirect: 'manual' });
  expect(uses(recorded).map(({ attributes }) => attributes.outcome)).toEqual([errorType === undefined ? 'ok' : 'error']);
  expect(recorded.value(errors)).toBe(errorType === undefined ? 0 : 1);
  if (errorType !== undefined) expect(recorded.value(errors, { feature: 'match', 'error.type': errorType })).toBe(1);
});

test('that its client leaves has failed', async () => {
  const leaving = new AbortController();
  const recorded = await requested('/match/7', () => leaving.abort(), { signal: leaving.signal });
  expect(recorded.value(errors, { feature: 'match', 'error.type': 'aborted' })).toBe(1);
});

test('to a route that nobody named, or by another method, is no use', async () => {
  const answer = (_request: IncomingMessage, response: ServerResponse) => response.end();
  expect(uses(await requested('/other', answer))).toEqual([]);
  expect(uses(await requested('/match/7', answer, { method: 'PUT' }))).toEqual([]);
});

test('that names the same feature in code is one use; another feature in it is one of its own', async () => {
  const recorded = await requested('/match/7', (_request, response) => {
    feature('match', () => feature('inner', () => response.end()));
  });
  expect(uses(recorded).map(({ attributes }) => attributes.feature)).toEqual(expect.arrayContaining(['match', 'inner']));
  expect(recorded.value(usage)).toBe(2);
});

test.each([200, 500])('that enqueued a job of the same feature is left to the job, also when it is answered with %i', async (status) => {
  const recorded = await requested('/cv', (_request, response) => {
    continueInJob('cv-queue', 'parse');
    response.writeHead(status).end();
  });
  expect(recorded.value(usage)).toBe(0);
});

test('that enqueued a job of another feature is a use itself', async () => {
  const recorded = await requested('/match/7', (_request, response) => {
    continueInJob('cv-queue', 'parse');
    response.end();
  });
  expect(uses(recorded).map(({ attributes }) => attributes.feature)).toEqual(['match']);
});
