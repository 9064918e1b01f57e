import { aiMetrics as metrics } from '@tallyman/catalog';
import { channels, withAttribution } from '@tallyman/core';
import { recordedBy } from '@tallyman/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AiCall, measureCall } from './call.ts';
import { endIdleCalls, PATIENCE } from './waiting.ts';

const begin = (): AiCall => measureCall({ operation: 'chat', provider: 'openai', requestModel: 'gpt-5', serverAddress: 'api.openai.com' });

beforeAll(() => void vi.useFakeTimers());
afterAll(() => void vi.useRealTimers());

it('records a call once, by the way that it ended first', async () => {
  const recorded = await recordedBy(() => {
    const call = begin();
    call.arrived();
    call.end('error', 'RateLimitError');
    call.end('ok');
    call.end('aborted');
    call.chunk();
    call.abandon();
    endIdleCalls();
  });
  expect(recorded.value(metrics.calls)).toBe(1);
  expect(recorded.value(metrics.calls, { outcome: 'error' })).toBe(1);
  expect(recorded.series(metrics.inferenceDuration).map(({ attributes, count }) => [attributes['error.type'], count])).toEqual([['RateLimitError', 1]]);
  expect(recorded.count(metrics.timeToFirstChunk)).toBe(0);
});

it('belongs to whoever caused it when it began, wherever it ends', async () => {
  const recorded = await recordedBy(() => {
    const call = withAttribution({ feature: 'cv_parse' }, begin);
    withAttribution({ feature: 'job_match' }, () => call.end('ok'));
  });
  expect(
    recorded
      .series(metrics.calls)
      .filter(({ value }) => value > 0)
      .map(({ attributes }) => attributes.feature),
  ).toEqual(['cv_parse']);
});

it('belongs to nobody when nobody caused it, wherever it is read', async () => {
  const recorded = await recordedBy(() => {
    const call = begin();
    withAttribution({ feature: 'job_match' }, () => {
      call.chunk();
      call.end('ok');
    });
  });
  expect(
    recorded
      .series(metrics.calls)
      .filter(({ value }) => value > 0)
      .map(({ attributes }) => attributes.feature),
  ).toEqual([undefined]);
});

it('takes what is said of the request and the answer in pieces', async () => {
  const recorded = await recordedBy(() => {
    const call = measureCall({ operation: 'chat', provider: 'openai' });
    call.describe({ requestModel: 'gpt-5', streamed: true });
    call.report({ responseModel: 'gpt-5-2025-08-07' });
    call.report({ usage: { input: 3, output: 2 } });
    call.report({ serviceTier: 'default' });
    call.end('ok');
  });
  expect(recorded.value(metrics.inputTokens, { 'gen_ai.request.model': 'gpt-5', 'gen_ai.response.model': 'gpt-5-2025-08-07' })).toBe(3);
});

it('records a call whose model nobody told', async () => {
  const recorded = await recordedBy(() => measureCall({ operation: 'chat', provider: 'openai' }).end('error', 'TypeError'));
  expect(recorded.value(metrics.calls, { 'gen_ai.request.model': '_OTHER', outcome: 'error' })).toBe(1);
});

it('stays calm when a subscriber throws', async () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const unsubscribe = channels.aiCall.subscribe(() => {
    throw new Error('subscriber');
  });
  const recorded = await recordedBy(() => begin().end('ok'));
  unsubscribe();
  write.mockRestore();
  expect(recorded.value(metrics.calls)).toBe(1);
});

describe('an answer that the application leaves lying', () => {
  it('is recorded after a while as it stood then, with the time until it arrived', async () => {
    const recorded = await recordedBy(() => {
      const call = begin();
      vi.advanceTimersByTime(2000);
      call.arrived();
      vi.advanceTimersByTime(2 * PATIENCE);
    });
    expect(recorded.value(metrics.calls, { outcome: 'ok' })).toBe(1);
    expect(recorded.value(metrics.unmeteredCalls)).toBe(1);
    expect(recorded.value(metrics.inferenceDuration)).toBeCloseTo(2, 6);
  });

  it('counts as aborted when a part of it was read', async () => {
    const recorded = await recordedBy(() => {
      const call = begin();
      call.arrived();
      call.reading();
      call.chunk();
      vi.advanceTimersByTime(2 * PATIENCE);
    });
    expect(recorded.value(metrics.calls, { outcome: 'aborted' })).toBe(1);
  });

  it('is not given up while the provider has to deliver', async () => {
    let call: AiCall | undefined;
    const slow = await recordedBy(() => {
      call = begin();
      call.arrived();
      call.reading();
      vi.advanceTimersByTime(3 * PATIENCE);
      endIdleCalls();
    });
    expect(slow.value(metrics.calls)).toBe(0);
    expect((await recordedBy(() => call?.end('ok'))).value(metrics.calls, { outcome: 'ok' })).toBe(1);
  });

  it('is recorded at the end of the process, however soon that is', async () => {
    const recorded = await recordedBy(() => {
      begin().arrived();
      endIdleCalls();
    });
    expect(recorded.value(metrics.calls, { outcome: 'ok' })).toBe(1);
  });
});
