import { featureMetrics } from '@tallyman/catalog';
import {
  type AiCallEvent,
  channels,
  currentAttribution,
  eventAttribution,
  type JobEvent,
  namedFeature,
  type PaymentEvent,
  runtime,
  withAttribution,
} from '@tallyman/core';
import { recordedBy } from '@tallyman/testkit';
import { beforeAll, describe, expect, test } from 'vitest';
import { feature, startFeatures } from './index.ts';

const { usage, errors, duration, tokenSpend, generationSuccess, generationFailure, revenue } = featureMetrics;

beforeAll(async () => {
  runtime.configuration = {
    features: { parse: { jobs: ['cv-queue/parse'], version: 'v2' }, quiet: {} },
    ...{ queues: { generations: { pictures: 'image' } }, webhooks: { earns: { premium: { match: 2, parse: 1 } } } },
  };
  const recorded = await recordedBy(startFeatures);
  expect(recorded.series(usage).map(({ attributes, value }) => [attributes.feature, attributes.outcome, value])).toEqual([
    ['parse', 'ok', 0],
    ['parse', 'error', 0],
    ['quiet', 'ok', 0],
    ['quiet', 'error', 0],
  ]);
});

describe('feature()', () => {
  test('counts a use, gives back what the function gives, and attributes what it causes', async () => {
    const recorded = await recordedBy(async () => {
      expect(feature('sync', () => namedFeature())).toBe('sync');
      expect(await feature('async', () => Promise.resolve().then(() => namedFeature()))).toBe('async');
      expect(namedFeature()).toBeUndefined();
    });
    expect(recorded.value(usage, { feature: 'sync', outcome: 'ok' })).toBe(1);
    expect(recorded.value(usage, { feature: 'async', outcome: 'ok' })).toBe(1);
    expect(recorded.count(duration, { feature: 'async' })).toBe(1);
  });

  test('counts a failure by its class and throws the identical error', async () => {
    const error = new RangeError('secret');
    const recorded = await recordedBy(async () => {
      expect(() =>
        feature('broken', () => {
          throw error;
        }),
      ).toThrow(error);
      await expect(feature('broken', () => Promise.reject(error))).rejects.toBe(error);
    });
    expect(recorded.value(usage, { feature: 'broken', outcome: 'error' })).toBe(2);
    expect(recorded.value(errors, { feature: 'broken', 'error.type': 'RangeError' })).toBe(2);
    expect(recorded.value(usage, { feature: 'broken', outcome: 'ok' })).toBe(0);
  });

  test('counts a use within a use of the same feature once, and another feature on its own', async () => {
    const recorded = await recordedBy(() => feature('outer', () => [feature('outer', () => 1), feature('inner', { version: 'v9' }, () => 2)]));
    expect(recorded.value(usage, { feature: 'outer' })).toBe(1);
    expect(recorded.value(usage, { feature: 'inner', 'feature.version': 'v9' })).toBe(1);
  });

  test('keeps concurrent uses apart', async () => {
    const names = await Promise.all(
      ['one', 'two', 'three'].map((name) => feature(name, () => new Promise(setImmediate).then(() => currentAttribution()?.feature))),
    );
    expect(names).toEqual(['one', 'two', 'three']);
  });
});

const nobody = eventAttribution(undefined, undefined);
const job = (queue: string, type: string, outcome: JobEvent['outcome'], errorType?: string): void =>
  channels.job.publish(() => ({ ...nobody, queue, type, system: 's', outcome, errorType, durationSeconds: 2, waitSeconds: undefined }));

describe('jobs of configured features', () => {
  test('are uses when they end for good; retries and unnamed jobs are none', async () => {
    const recorded = await recordedBy(() => {
      job('cv-queue', 'parse', 'retry', 'Error');
      job('cv-queue', 'parse', 'ok');
      job('cv-queue', 'parse', 'error', 'UnreadableError');
      job('cv-queue', 'other', 'ok');
    });
    expect(recorded.value(usage)).toBe(2);
    expect(recorded.value(usage, { feature: 'parse', outcome: 'ok', 'feature.version': 'v2' })).toBe(1);
    expect(recorded.value(errors, { feature: 'parse', 'error.type': 'UnreadableError' })).toBe(1);
    expect(recorded.value(duration, { feature: 'parse' })).toBe(4);
  });
});

const call = (members: Partial<AiCallEvent>): void =>
  channels.aiCall.publish(() => ({
    ...nobody,
    operation: 'chat',
    provider: 'openai',
    requestModel: 'm',
    responseModel: undefined,
    outcome: 'ok',
    errorType: undefined,
    streamed: false,
    durationSeconds: 1,
    usage: { input: 10, output: 5, cacheRead: 4, cacheWrite: 0, reasoning: 3 },
    images: 0,
    costUsd: undefined,
    costSource: undefined,
    ...members,
  }));

describe('KPIs', () => {
  test('spend tokens in disjoint kinds', async () => {
    const recorded = await recordedBy(() => {
      call({});
      call({ operation: 'embeddings', requestModel: 'e', usage: { input: 7, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 } });
      call({ operation: 'image_generation', requestModel: 'i', images: 2 });
    });
    expect(recorded.series(tokenSpend).map(({ attributes, value }) => [attributes.model, attributes.type, value])).toEqual([
      ['m', 'input', 10],
      ['m', 'output', 5],
      ['e', 'embedding', 7],
      ['i', 'image', 2],
    ]);
  });

  test('count generations: not embeddings, not what a user aborted, and a configured job instead of the calls inside it', async () => {
    const recorded = await recordedBy(() => {
      call({});
      call({ outcome: 'error', errorType: 'RateLimitError' });
      call({ outcome: 'aborted' });
      call({ operation: 'embeddings' });
      call({ job: { queue: 'pictures', type: 'draw' } });
      job('pictures', 'draw', 'ok');
      job('pictures', 'draw', 'error', 'BadRequestError');
    });
    expect(recorded.value(generationSuccess, { type: 'text' })).toBe(1);
    expect(recorded.value(generationFailure, { type: 'text', 'error.type': 'RateLimitError' })).toBe(1);
    expect(recorded.value(generationSuccess, { type: 'image' })).toBe(1);
    expect(recorded.value(generationFailure, { type: 'image', 'error.type': 'BadRequestError' })).toBe(1);
    expect(recorded.value(generationSuccess)).toBe(2);
  });

  test("share a plan's payments out among the features that earn them; refunds are left to their own metric", async () => {
    const payment = (kind: PaymentEvent['kind'], plan: string): void =>
      channels.payment.publish(() => ({
        kind,
        provider: 'stripe',
        method: 'card',
        plan,
        currency: 'usd',
        amount: 30,
        errorType: undefined,
        change: undefined,
      }));
    const recorded = await recordedBy(() => {
      payment('conversion', 'premium');
      payment('refund', 'premium');
      payment('conversion', 'unknown');
    });
    expect(recorded.value(revenue, { feature: 'match', currency: 'usd' })).toBe(20);
    expect(recorded.value(revenue, { feature: 'parse', currency: 'usd' })).toBe(10);
    expect(recorded.value(revenue)).toBe(30);
  });
});

test('a use that enqueues a job of its own feature is left to the job', async () => {
  const { continueInJob } = await import('@tallyman/core');
  const recorded = await recordedBy(() => withAttribution({}, () => feature('parse', () => continueInJob('cv-queue', 'parse'))));
  expect(recorded.value(usage)).toBe(0);
});
