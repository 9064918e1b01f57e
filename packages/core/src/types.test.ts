import { aiMetrics, queueMetrics } from '@tallyman/catalog';
import { expect, test } from 'vitest';
import { bindMetrics } from './bind-metrics.ts';

const ai = bindMetrics(aiMetrics);
const queues = bindMetrics(queueMetrics);
const call = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt' } as const;

/** The compiler is the judge here: an `@ts-expect-error` without an error fails the build. */
export function refusedByTheCompiler(): void {
  // @ts-expect-error a misspelt attribute
  ai.calls(1, { ...call, outcom: 'ok' });
  // @ts-expect-error a value outside the closed set
  ai.calls(1, { ...call, outcome: 'okay' });
  // @ts-expect-error a missing required attribute
  ai.calls(1, { outcome: 'ok' });
  // @ts-expect-error an attribute that this metric does not declare
  queues.retries(1, { 'queue.name': 'mail', feature: 'x' });
  // @ts-expect-error a metric that does not exist
  queues.retried(1, { 'queue.name': 'mail' });
}

test('well-typed records are accepted, optional attributes may be absent or undefined', () => {
  expect(() => {
    ai.calls(1, { ...call, outcome: 'ok' });
    ai.calls(1, { ...call, outcome: 'ok', feature: undefined });
    queues.retries(1, { 'queue.name': 'mail' });
  }).not.toThrow();
});
