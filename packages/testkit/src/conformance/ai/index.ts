import { randomUUID } from 'node:crypto';
import { aiMetrics as metrics } from '@tallyman/catalog';
import { type AiCallEvent, channels, withAttribution } from '@tallyman/core';
import { expect, it } from 'vitest';
import { type Recorded, recordedBy } from '../../recorded.ts';
import { aiActs } from './acts.ts';
import type { AiSubject } from './subject.ts';

export { type AiFaultTrial, aiFaults } from './faults.ts';
export * from './subject.ts';

type Outcome = 'ok' | 'error' | 'aborted';

/** What every adapter of an AI SDK must record, and must leave as it is, with the real SDK against a local provider. */
export function aiConformance(subject: AiSubject): void {
  const { provider, requestModel, responseModel, usage } = subject;
  const call = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': provider, 'gen_ai.request.model': requestModel };
  const rejection = (work: Promise<unknown>): Promise<Error> =>
    work.then(
      () => expect.unreachable('the call succeeded'),
      (error) => error,
    );
  const readAll = async (stream: AsyncIterable<unknown>): Promise<number> => {
    let chunks = 0;
    for await (const _ of stream) chunks += 1;
    return chunks;
  };

  function expectOneCall(recorded: Recorded, outcome: Outcome): void {
    const outcomes = recorded.series(metrics.calls).filter(({ value }) => value > 0);
    expect(outcomes.map(({ attributes, value }) => [attributes.outcome, value])).toEqual([[outcome, 1]]);
    expect(recorded.count(metrics.inferenceDuration)).toBe(1);
    expect(recorded.value(metrics.calls, { ...call, outcome })).toBe(1);
  }
  function expectTokens(recorded: Recorded, expected: typeof usage): void {
    expect({
      input: recorded.value(metrics.inputTokens),
      output: recorded.value(metrics.outputTokens),
      cacheRead: recorded.value(metrics.cacheReadTokens),
      cacheWrite: recorded.value(metrics.cacheWriteTokens),
      reasoning: recorded.value(metrics.reasoningTokens),
    }).toEqual(expected);
  }
  const none = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };

  it('records an answered call with its tokens', async () => {
    const recorded = await recordedBy(() => aiActs['an answered call'](subject));
    expectOneCall(recorded, 'ok');
    expectTokens(recorded, usage);
    expect(recorded.value(metrics.inputTokens, { ...call, 'gen_ai.response.model': responseModel })).toBe(usage.input);
    expect(recorded.value(metrics.unmeteredCalls)).toBe(0);
    expect(recorded.count(metrics.timeToFirstChunk)).toBe(0);
  });

  it('gives failures a series before the first one', async () => {
    await recordedBy(() => subject.ask('answers'));
    const recorded = await recordedBy(() => rejection(subject.ask('refuses')));
    expect(recorded.series(metrics.calls).map(({ attributes }) => attributes.outcome)).toEqual(['error']);
  });

  it('records a stream that is read to its end, chunk by chunk', async () => {
    let chunks: unknown[] = [];
    const recorded = await recordedBy(async () => {
      ({ chunks } = await aiActs['a stream that is read to its end'](subject));
    });
    expect(chunks).toHaveLength(subject.chunks);
    expectOneCall(recorded, 'ok');
    expectTokens(recorded, usage);
    expect(recorded.count(metrics.timeToFirstChunk)).toBe(1);
    expect(recorded.count(metrics.timePerOutputChunk)).toBe(chunks.length - 1);
  });

  it('records a stream that the application leaves early as aborted, and as unmetered: it is billed, and told nothing', async () => {
    const recorded = await recordedBy(() => aiActs['a stream that is left early'](subject));
    expectOneCall(recorded, 'aborted');
    expect(recorded.count(metrics.timeToFirstChunk)).toBe(1);
    expect(recorded.value(metrics.unmeteredCalls)).toBe(1);
  });

  it('records a stream that the application aborts as aborted', async () => {
    let chunks: unknown[] = [];
    const recorded = await recordedBy(async () => {
      ({ chunks } = await aiActs['a stream that is aborted'](subject));
    });
    expect(chunks).toHaveLength(subject.partialChunks);
    expectOneCall(recorded, 'aborted');
  });

  it('records a call that the application aborts before the answer as aborted', async () => {
    const recorded = await recordedBy(() => aiActs['a call that is aborted'](subject));
    expectOneCall(recorded, 'aborted');
    expect(recorded.series(metrics.inferenceDuration).map(({ attributes }) => attributes['error.type'])).toEqual([undefined]);
  });

  it('records a stream that is never read, once, as unmetered', async () => {
    const unread: AsyncIterable<unknown>[] = [];
    const recorded = await recordedBy(async () => {
      unread.push(await subject.stream('answers'));
      subject.endIdleCalls();
    });
    expectOneCall(recorded, 'ok');
    expectTokens(recorded, none);
    expect(recorded.value(metrics.unmeteredCalls)).toBe(1);
    const later = await recordedBy(() => Promise.all(unread.map(readAll)));
    expect(later.value(metrics.calls)).toBe(0);
  });

  it('records a refused call with the class of its error, and 0 tokens', async () => {
    const recorded = await recordedBy(() => aiActs['a refused call'](subject));
    expectOneCall(recorded, 'error');
    expect(recorded.count(metrics.inferenceDuration, { 'error.type': subject.refusal })).toBe(1);
    expectTokens(recorded, none);
    expect(recorded.value(metrics.unmeteredCalls) + recorded.value(metrics.unpricedCalls)).toBe(0);
  });

  it('makes the token series of a feature whose calls all fail', async () => {
    const feature = `new ${randomUUID()}`;
    const recorded = await recordedBy(() => withAttribution({ feature }, () => rejection(subject.ask('refuses'))));
    for (const metric of [metrics.inputTokens, metrics.outputTokens]) {
      expect(recorded.series(metric)).toEqual([{ attributes: { ...call, 'gen_ai.token.modality': 'unknown', feature }, value: 0, count: 0 }]);
    }
  });

  it('records retries within the SDK as one call', async () => {
    expectOneCall(await recordedBy(() => aiActs['a call that the SDK tries again'](subject)), 'ok');
  });

  it('records a provider that cannot be reached as an error', async () => {
    const recorded = await recordedBy(() => aiActs['a provider that cannot be reached'](subject));
    expectOneCall(recorded, 'error');
    expect(recorded.count(metrics.inferenceDuration, { 'error.type': subject.connectionError })).toBe(1);
  });

  it('records a stream that breaks off as an error', async () => {
    const recorded = await recordedBy(() => aiActs['a stream that breaks off'](subject));
    expectOneCall(recorded, 'error');
    expect(recorded.count(metrics.timeToFirstChunk)).toBe(1);
  });

  it('counts an answer without usage as unmetered, and never guesses', async () => {
    const recorded = await recordedBy(() => aiActs['an answer without usage'](subject));
    expectOneCall(recorded, 'ok');
    expectTokens(recorded, none);
    expect(recorded.value(metrics.unmeteredCalls, { 'gen_ai.request.model': requestModel })).toBe(1);
    expect(recorded.value(metrics.cost)).toBe(0);
  });

  it('keeps the features of concurrent calls apart', async () => {
    const recorded = await recordedBy(() => aiActs['concurrent calls of two features'](subject));
    expect(recorded.value(metrics.calls, { feature: 'cv_parse', outcome: 'ok' })).toBe(4);
    expect(recorded.value(metrics.inputTokens, { feature: 'cv_parse' })).toBe(4 * usage.input);
    expect(recorded.value(metrics.calls, { feature: 'job_match', outcome: 'ok' })).toBe(2);
    expect(recorded.value(metrics.outputTokens, { feature: 'job_match' })).toBe(2 * usage.output);
  });

  it('publishes each call once', async () => {
    const events: AiCallEvent[] = [];
    const unsubscribe = channels.aiCall.subscribe((event) => void events.push(event));
    try {
      await withAttribution({ feature: 'cv_parse', run: 'run-1', user: 'user-1' }, async () => {
        await subject.ask('answers');
        await readAll(await subject.stream('answers'));
        await rejection(subject.ask('refuses'));
      });
    } finally {
      unsubscribe();
    }
    const common = { feature: 'cv_parse', run: 'run-1', user: 'user-1', operation: 'chat', provider, requestModel };
    expect(events).toEqual([
      expect.objectContaining({ ...common, outcome: 'ok', streamed: false, responseModel, usage }),
      expect.objectContaining({ ...common, outcome: 'ok', streamed: true, responseModel, usage }),
      expect.objectContaining({ ...common, outcome: 'error', errorType: subject.refusal, usage: undefined, costUsd: undefined }),
    ]);
  });

  it('leaves a call alone that an outer instrumentation owns', async () => {
    const recorded = await recordedBy(() => aiActs['a call that an outer instrumentation owns'](subject));
    expect(recorded.series(metrics.calls)).toEqual([]);
  });

  const { embedding } = subject;
  if (embedding === undefined) return;
  it('records an embedding with input tokens only', async () => {
    const recorded = await recordedBy(() => embedding.ask());
    expect(recorded.count(metrics.operationDuration, { 'gen_ai.operation.name': 'embeddings', 'gen_ai.request.model': embedding.model })).toBe(1);
    expect(recorded.count(metrics.inferenceDuration)).toBe(0);
    expect(recorded.value(metrics.inputTokens, { 'gen_ai.operation.name': 'embeddings' })).toBe(embedding.tokens);
    expect(recorded.series(metrics.outputTokens)).toEqual([]);
  });
}
