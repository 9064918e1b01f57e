import { expect, it } from 'vitest';
import { billedUsage } from './usage.ts';

it('cuts subsets to their totals', () => {
  const usage = billedUsage({ input: 100, output: 10, cacheRead: 80, cacheWrite: 50, reasoning: 11 });
  expect(usage).toMatchObject({ input: 100, output: 10, cacheRead: 80, cacheWrite: 20, reasoning: 10 });
});

it('adds the modalities up to the total, and never guesses one', () => {
  const { inputSplit, outputSplit } = billedUsage({ input: 100, output: 20, inputModalities: { audio: 30, text: 60 } });
  expect(inputSplit).toEqual({ text: 60, audio: 30, image: 0, unknown: 10 });
  expect(outputSplit).toEqual({ text: 0, audio: 0, image: 0, unknown: 20 });
});

it('cuts modalities that exceed the total', () => {
  const { inputSplit } = billedUsage({ input: 10, output: 0, inputModalities: { image: 258, text: 20 } });
  expect(inputSplit).toEqual({ text: 0, audio: 0, image: 10, unknown: 0 });
});

it('takes counts that are no counts for 0', () => {
  const usage = billedUsage({ input: Number.NaN, output: -3, cacheRead: Number.POSITIVE_INFINITY });
  expect(usage).toMatchObject({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 });
});
