import { expect, test } from 'vitest';
import { jobKind } from './kind.ts';

test('the kind of a job is found again, however often systems take turns in a queue of one name', () => {
  for (let jobs = 0; jobs < 600; jobs += 1) for (const system of ['bullmq', 'pg-boss']) jobKind('shared', 'default', system);
  expect(jobKind('shared', 'default', 'bullmq')).toBe(jobKind('shared', 'default', 'bullmq'));
  expect(jobKind('shared', 'default', 'pg-boss')).toMatchObject({ queue: 'shared', type: 'default', system: 'pg-boss' });
  expect(jobKind('other', 'parse', 'bullmq')).toBe(jobKind('other', 'parse', 'bullmq'));
});
