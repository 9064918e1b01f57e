import { featureMetrics, queueMetrics } from '@tallyman/catalog';
import { errorType, safely } from '@tallyman/core';
import { feature } from '@tallyman/features';
import { instrumentBullMQ } from '@tallyman/queues/bullmq';
import { recordedBy } from '@tallyman/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostileError, hostileText, hostileValue, made, parameters, untouchable } from './hostile.test.data.ts';

const rejections: unknown[] = [];
const onRejection = (reason: unknown): void => void rejections.push(reason);
beforeAll(() => void process.on('unhandledRejection', onRejection));
afterAll(() => void process.off('unhandledRejection', onRejection));

function raise(error: unknown): never {
  throw error;
}

const throwing = (member: string): object => Object.defineProperty(new Error('x'), member, { get: () => raise(new Error('no')) });

/** What a call gives, so that it can be compared by identity: assertions would look into it. */
function outcomeOf(call: () => unknown): { readonly returned?: unknown; readonly thrown?: unknown } {
  try {
    return { returned: call() };
  } catch (thrown) {
    return { thrown };
  }
}

function isThenable(value: unknown): boolean {
  const { returned } = outcomeOf(() => (value as { then?: unknown } | null | undefined)?.then);
  return typeof returned === 'function';
}

test.each([
  { what: 'a getter that throws', error: () => throwing('code') },
  { what: 'a proxy that refuses', error: untouchable },
  { what: 'a constructor whose name is a message', error: () => Object.assign(Object.create(null), { constructor: { name: 'no user alice@example.com' } }) },
])('$what makes no type of an error', ({ error }) => {
  expect(errorType(error())).toBe('_OTHER');
});

test('the type of an error is a class or a code, whatever is thrown', () => {
  fc.assert(
    fc.property(hostileError, (error) => {
      expect(errorType(made(error))).toMatch(/^[\p{ID_Continue}$.-]{1,60}$/u);
    }),
    parameters,
  );
});

test('what our own work throws stays inside', () => {
  fc.assert(
    fc.property(hostileError, (error) => {
      expect(safely('input', () => raise(made(error)))).toBeUndefined();
    }),
    parameters,
  );
});

describe('feature()', () => {
  test.each([
    { what: 'a proxy that refuses', make: untouchable },
    { what: 'an object whose `then` throws', make: () => throwing('then') },
  ])('gives $what back', ({ make }) => {
    const result = make();
    expect(outcomeOf(() => feature('odd', () => result)).returned === result).toBe(true);
  });

  test('gives back or throws what its work does, and counts each use once', async () => {
    let uses = 0;
    let failures = 0;
    const recorded = await recordedBy(() =>
      fc.assert(
        fc.property(hostileValue, hostileError, fc.boolean(), (name, value, isFailing) => {
          const result = made(value);
          // What can be awaited is a use when it is.
          fc.pre(isFailing || !isThenable(result));
          uses += 1;
          if (isFailing) failures += 1;
          const outcome = outcomeOf(() => feature(made(name) as string, () => (isFailing ? raise(result) : result)));
          expect(Object.is(isFailing ? outcome.thrown : outcome.returned, result)).toBe(true);
        }),
        { ...parameters, endOnFailure: true },
      ),
    );
    expect([recorded.value(featureMetrics.usage), recorded.value(featureMetrics.errors)]).toEqual([uses, failures]);
  });

  test('gives a promise that settles as its work does', async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, hostileError, async (name, error) => {
        const reason = made(error);
        const settled = await feature(name, async () => raise(reason)).catch((caught: unknown) => ({ caught }));
        expect(Object.is((settled as { caught: unknown }).caught, reason)).toBe(true);
      }),
      parameters,
    );
    expect(rejections).toEqual([]);
  });
});

/** BullMQ's worker and job, as far as a handler is run. */
class Worker {
  readonly handler: () => unknown;
  constructor(handler: () => unknown) {
    this.handler = handler;
  }
  callProcessJob(_job: Job): unknown {
    return this.handler();
  }
}
class Job {
  name = 'parse';
  queueName = 'cv';
  opts = {};
  timestamp = Date.now();
  attemptsStarted = 1;
  finishedOn = Date.now();
  async moveToFailed(_error: unknown): Promise<void> {}
}

describe('a queue', () => {
  instrumentBullMQ({ Worker, Job });

  async function failWith(error: unknown): Promise<{ readonly thrown?: unknown }> {
    const job = new Job();
    const { thrown } = outcomeOf(() => new Worker(() => raise(error)).callProcessJob(job));
    await job.moveToFailed(thrown);
    return { thrown };
  }

  test.each(['constructor', 'toString', '__proto__', 'valueOf'])('counts a job that fails with the message %s', async (message) => {
    const recorded = await recordedBy(() => failWith(new Error(message)));
    expect(recorded.value(queueMetrics.failures)).toBe(1);
  });

  test('passes on what a handler throws, counts each failed job, and leaves none active', async () => {
    let jobs = 0;
    const recorded = await recordedBy(() =>
      fc.assert(
        fc.asyncProperty(hostileError, async (error) => {
          jobs += 1;
          const reason = made(error);
          const { thrown } = await failWith(reason);
          expect(Object.is(thrown, reason)).toBe(true);
        }),
        { ...parameters, endOnFailure: true },
      ),
    );
    expect(recorded.value(queueMetrics.failures)).toBe(jobs);
    expect(recorded.value(queueMetrics.jobsActive)).toBe(0);
    expect(recorded.count(queueMetrics.jobDuration)).toBe(jobs);
  });

  test('runs jobs of whatever shape, and gives back what their handlers do', async () => {
    const members = fc.record(
      { name: hostileValue, queueName: hostileValue, opts: hostileValue, timestamp: hostileValue, attemptsStarted: hostileValue },
      { requiredKeys: [] },
    );
    const recorded = await recordedBy(() =>
      fc.assert(
        fc.property(members, hostileError, (shape, value) => {
          const job = Object.assign(new Job(), Object.fromEntries(Object.entries(shape).map(([name, member]) => [name, made(member)])));
          const result = made(value);
          const { returned } = outcomeOf(() => new Worker(() => result).callProcessJob(job));
          expect(Object.is(returned, result) || returned instanceof Promise).toBe(true);
        }),
        parameters,
      ),
    );
    expect(recorded.value(queueMetrics.jobsActive)).toBe(0);
    expect(rejections).toEqual([]);
  });
});
