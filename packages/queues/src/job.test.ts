import { queueMetrics } from '@tallyman/catalog';
import { channels, currentAttribution, type JobEvent } from '@tallyman/core';
import { currentCount, currentValue } from '@tallyman/testkit/conformance/queues';
import { expect, test } from 'vitest';
import { type Job, runAttempts, startAttempt } from './job.ts';

const job = (queue: string, members: Partial<Job> = {}): Job => ({
  ...{ queue, type: 'parse', system: 'bullmq', enqueuedAt: undefined, delayMs: 0, isFirstAttempt: true, carrier: undefined },
  ...members,
});
const nothing = (): void => undefined;

test('value, error and synchrony of a handler are its own', async () => {
  const run = <T>(handler: () => T): T => runAttempts([startAttempt(job('own'))], handler, nothing);
  const [value, error] = [{}, new RangeError('no')];
  const fails = (): never => {
    throw error;
  };
  expect(run(() => value)).toBe(value);
  expect(await run(async () => value)).toBe(value);
  expect(await run(async () => fails()).catch((reason: unknown) => reason)).toBe(error);
  let caught: unknown;
  try {
    run(fails);
  } catch (reason) {
    caught = reason;
  }
  expect(caught).toBe(error);
  expect(currentValue(queueMetrics.jobsActive, { 'queue.name': 'own' })).toBe(0);
});

test('a wait is never negative, whatever the clocks of producer and worker say', () => {
  startAttempt(job('skewed', { enqueuedAt: Date.now() + 60_000 }));
  expect(currentCount(queueMetrics.jobWait, { 'queue.name': 'skewed' })).toBe(1);
  expect(currentValue(queueMetrics.jobWait, { 'queue.name': 'skewed' })).toBe(0);
});

test('an attempt counts once, however often it is ended', () => {
  const attempt = startAttempt(job('twice'));
  attempt.end('retry', new RangeError('no'));
  attempt.end('error', new RangeError('no'));
  expect(currentCount(queueMetrics.jobDuration, { 'queue.name': 'twice' })).toBe(1);
  expect(currentValue(queueMetrics.failures, { 'queue.name': 'twice' })).toBe(0);
});

test('a queue has fifty types of jobs; what comes after them is one more', () => {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  for (const one of letters) for (const other of letters) startAttempt(job('many', { type: `${one}${other}` })).end('ok');
  expect(currentCount(queueMetrics.jobDuration, { 'queue.name': 'many' })).toBe(676);
  expect(currentCount(queueMetrics.jobDuration, { 'queue.name': 'many', 'job.type': '_OTHER' })).toBe(626);
});

test('a carrier of unknown origin, and a listener that throws, do no harm', async () => {
  const events: JobEvent[] = [];
  const ends = [
    channels.job.subscribe(() => {
      throw new Error('of the listener');
    }),
    channels.job.subscribe((event) => void events.push(event)),
  ];
  const attempt = startAttempt(job('strange', { carrier: '{"feature": 7, "requestId"' }));
  expect(await runAttempts([attempt], async () => currentAttribution(), nothing)).toEqual({ job: { queue: 'strange', type: 'parse' } });
  attempt.end('ok');
  for (const end of ends) end();
  expect(events).toMatchObject([{ queue: 'strange', outcome: 'ok', feature: 'strange/parse' }]);
});
