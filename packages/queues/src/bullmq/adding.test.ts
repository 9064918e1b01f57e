import { queueMetrics } from '@tallyman/catalog';
import { currentAttribution, withAttribution } from '@tallyman/core';
import { waitFor } from '@tallyman/testkit';
import { currentValue } from '@tallyman/testkit/conformance/queues';
import type { Telemetry } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BullmqHarness } from './bullmq.test.harness.ts';

/** A tracer of the application's own that propagates this text, and keeps what arrives. */
function telemetryWith(text: string, arrived: string[]): Telemetry<unknown> {
  const span = { setSpanOnContext: (context: unknown) => context, setAttribute: () => undefined, setAttributes: () => undefined, addEvent: () => undefined };
  const contextManager = {
    with: (_context: unknown, work: () => unknown) => work(),
    active: () => ({}),
    getMetadata: () => text,
    fromMetadata: (context: unknown, metadata: string) => {
      arrived.push(metadata);
      return context;
    },
  };
  return { tracer: { startSpan: () => ({ ...span, recordException: () => undefined, end: () => undefined }) }, contextManager } as never;
}

describe.each(['bullmq', 'bullmq-5'])('adding jobs to %s', (folder) => {
  const harness = new BullmqHarness(folder);
  beforeAll(() => harness.start());
  afterEach(() => harness.closeAll());
  afterAll(() => harness.stop());

  let queues = 0;
  const nextName = () => {
    queues += 1;
    return `adding-${folder}-${queues}`;
  };
  const enqueued = (name: string) => currentValue(queueMetrics.jobsEnqueued, { 'queue.name': name });

  test('bulks carry the attribution in each job, and leave the options of the application as they are', async () => {
    const name = nextName();
    const features: unknown[] = [];
    const jobs = [
      { name: 'parse', data: { n: 1 } },
      { name: 'parse', data: { n: 2 }, opts: Object.freeze({ attempts: 2 }) },
    ];
    const queue = harness.queue(name);
    await withAttribution({ feature: 'cv_parse' }, () => queue.addBulk(jobs));
    expect(jobs[1]?.opts).toEqual({ attempts: 2 });
    harness.worker(name, async (job) => void features.push([job.data, currentAttribution()?.feature]));
    await waitFor(
      () => features,
      (seen) => seen.length === 2,
    );
    expect(features).toEqual([
      [{ n: 1 }, 'cv_parse'],
      [{ n: 2 }, 'cv_parse'],
    ]);
    expect(enqueued(name)).toBe(2);
  });

  test('a flow counts in each of its queues, and carries the attribution to parents and children', async () => {
    const name = nextName();
    const features: unknown[] = [];
    const handler = async (job: { name: string }) => void features.push([job.name, currentAttribution()?.feature]);
    const child = { name: 'page', queueName: `${name}-pages`, data: {} };
    const flow = harness.flowProducer();
    await withAttribution({ feature: 'cv_parse' }, () => flow.add({ name: 'cv', queueName: name, data: {}, children: [child, child] }));
    await flow.addBulk([{ name: 'other', queueName: name, data: {} }]);
    expect([enqueued(name), enqueued(`${name}-pages`)]).toEqual([2, 2]);
    harness.worker(`${name}-pages`, handler);
    harness.worker(name, handler);
    await waitFor(
      () => features,
      (seen) => seen.length === 4,
    );
    expect(features).toEqual(
      expect.arrayContaining([
        ['page', 'cv_parse'],
        ['page', 'cv_parse'],
        ['cv', 'cv_parse'],
        ['other', undefined],
      ]),
    );
  });

  test('jobs of a scheduler count, and belong to themselves', async () => {
    const name = nextName();
    const seen: unknown[] = [];
    const queue = harness.queue(name);
    await withAttribution({ feature: 'setup', requestId: 'r-1' }, () => queue.upsertJobScheduler('nightly', { every: 3_600_000 }, { name: 'report' }));
    expect(enqueued(name)).toBe(1);
    harness.worker(name, async () => void seen.push(currentAttribution()));
    await waitFor(
      () => seen,
      ({ length }) => length === 1,
    );
    expect(seen).toEqual([{ job: { queue: name, type: 'report' } }]);
  });

  test("the application's own trace context travels beside the attribution", async () => {
    const name = nextName();
    const arrived: string[] = [];
    const seen: unknown[] = [];
    const telemetry = telemetryWith('{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}', arrived);
    const queue = harness.queue(name, { telemetry });
    await withAttribution({ feature: 'cv_parse' }, () => queue.add('parse', {}));
    harness.worker(name, async () => void seen.push(currentAttribution()?.feature), { telemetry });
    await waitFor(
      () => seen,
      ({ length }) => length === 1,
    );
    expect(seen).toEqual(['cv_parse']);
    expect(arrived.map((text) => JSON.parse(text).traceparent)).toContain('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
  });

  test('a trace context in a form of its own, and one that is turned off, stay as they are', async () => {
    const name = nextName();
    const arrived: string[] = [];
    const queue = harness.queue(name, { telemetry: telemetryWith('opaque', arrived) });
    const [opaque, omitted] = await withAttribution({ feature: 'cv_parse' }, async () => [
      await queue.add('parse', {}),
      await queue.add('parse', {}, { telemetry: { omitContext: true } }),
    ]);
    expect([opaque?.opts.telemetry, omitted?.opts.telemetry]).toEqual([{ metadata: 'opaque' }, { omitContext: true }]);
  });
});
