import { expect, test } from 'vitest';
import { callKind } from './kind.ts';
import type { TimedAttributes } from './record.ts';

const timed: TimedAttributes = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-5',
  'gen_ai.response.model': 'gpt-5-2026-01-01',
  'server.address': undefined,
};

test('calls that differ in anything that they are recorded by are of different kinds, all others of one', () => {
  const kind = callKind(timed, 'job_match');
  expect(callKind({ ...timed }, 'job_match')).toBe(kind);
  const others = [
    callKind(timed, undefined),
    callKind(timed, 'cv_parse'),
    ...(Object.keys(timed) as (keyof TimedAttributes)[]).map((key) => callKind({ ...timed, [key]: 'other' } as TimedAttributes, 'job_match')),
  ];
  expect(new Set([kind, ...others]).size).toBe(1 + others.length);
});

test('neither long names nor many of them are kept', () => {
  const long = { ...timed, 'gen_ai.response.model': 'x'.repeat(201) };
  expect(callKind(long, undefined)).not.toBe(callKind(long, undefined));
  const model = (index: number) => callKind({ ...timed, 'gen_ai.request.model': `model ${index}` }, undefined);
  const first = model(0);
  for (let index = 1; index < 1000; index++) model(index);
  expect(model(0)).toBe(first);
  expect(model(2000)).not.toBe(model(2000));
});
