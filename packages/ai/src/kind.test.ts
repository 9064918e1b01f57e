import { expect, test } from 'vitest';
import { callKind } from './kind.ts';
import type { Inference } from './record.ts';

const asked: Inference = {
  operation: 'chat',
  provider: 'openai',
  requestModel: 'gpt-5',
  responseModel: 'gpt-5-2026-01-01',
  serverAddress: undefined,
};

test('calls that differ in anything that they are recorded by are of different kinds, all others of one', () => {
  const kind = callKind(asked, 'job_match');
  expect(callKind({ ...asked }, 'job_match')).toBe(kind);
  const others = [
    callKind(asked, undefined),
    callKind(asked, 'cv_parse'),
    ...(Object.keys(asked) as (keyof Inference)[]).map((key) => callKind({ ...asked, [key]: 'other' } as Inference, 'job_match')),
  ];
  expect(new Set([kind, ...others]).size).toBe(1 + others.length);
});

test('neither long names nor many of them are kept', () => {
  const long = { ...asked, responseModel: 'x'.repeat(201) };
  expect(callKind(long, undefined)).not.toBe(callKind(long, undefined));
  const model = (index: number) => callKind({ ...asked, requestModel: `model ${index}` }, undefined);
  const first = model(0);
  for (let index = 1; index < 1000; index++) model(index);
  expect(model(0)).toBe(first);
  expect(model(2000)).not.toBe(model(2000));
});
