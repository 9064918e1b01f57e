import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Receiver, startReceiver } from './receiver.ts';

const body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'ai.calls', sum: { dataPoints: [{ asDouble: 2 }] } }] }] }] });

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const post = (content: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, url = receiver.endpoint) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: content });

test('it takes OTLP in JSON, gzipped or not', async () => {
  expect((await post(body)).status).toBe(200);
  expect((await post(new Uint8Array(gzipSync(body)), { 'content-encoding': 'gzip' })).status).toBe(200);
  expect(receiver.exports).toBe(2);
  expect(receiver.series()).toMatchObject([{ metric: 'ai.calls', value: 2 }]);
});

test('protobuf is refused, and what to set is said once', async () => {
  for (let attempt = 0; attempt < 2; attempt += 1) expect((await post(body, { 'content-type': 'application/x-protobuf' })).status).toBe(415);
  expect([...receiver.refusals]).toEqual(['metrics came as "application/x-protobuf": set OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/json']);
});

test.each(['not JSON', '{"resourceMetrics":7}'])('%s is refused, and the receiver goes on', async (content) => {
  expect((await post(content)).status).toBe(400);
  expect((await post(body)).status).toBe(200);
  expect([receiver.exports, receiver.refusals.size]).toEqual([1, 1]);
});

test('other signals are accepted and dropped', async () => {
  expect((await post('{}', {}, receiver.endpoint.replace('metrics', 'traces'))).status).toBe(200);
  expect([receiver.exports, receiver.series()]).toEqual([0, []]);
});

test('an export that was sent before the end is still taken', async () => {
  const sent = post(body);
  await receiver.close();
  expect((await sent).status).toBe(200);
  expect(receiver.exports).toBe(1);
});
