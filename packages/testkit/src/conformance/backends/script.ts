import { aiMetrics, featureMetrics, httpMetrics, processMetrics, queueMetrics, webhookMetrics } from '@tallyman/catalog';
import { bindMetrics, runtime } from '@tallyman/core';

const ai = bindMetrics(aiMetrics);
const webhooks = bindMetrics(webhookMetrics);
const queues = bindMetrics(queueMetrics);
const http = bindMetrics(httpMetrics);

const call = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'p', 'gen_ai.request.model': 'm' } as const;
const tokens = { ...call, 'gen_ai.token.modality': 'text' } as const;
const request = { 'http.request.method': 'GET', 'url.scheme': 'http', 'http.route': '/a', 'http.response.status_code': 200 } as const;
const wait = { 'queue.name': 'q', 'queue.system': 's' };
const delivery = { 'webhook.event_type': 'SALE', outcome: 'accepted', 'webhook.verification': 'sdk' } as const;

/** Seconds of CPU that the sampled process has used. */
let cpuSeconds = 0;

/** The first records: every kind of instrument and alias, values on and beside bounds, values that are none. */
export function recordFirst(): void {
  cpuSeconds = 2;
  const cpu = bindMetrics({ cpuTime: processMetrics.cpuTime }).cpuTime;
  runtime.beforeRead.add(() => cpu.set(cpuSeconds, { 'cpu.mode': 'user' }));
  ai.calls(2, { ...call, outcome: 'error' });
  ai.inputTokens(10, { ...tokens, feature: 'job_match' });
  ai.inputTokens(7, { ...tokens, feature: 'elsewhere' });
  ai.outputTokens(5, { ...tokens, feature: 'job_match' });
  ai.cost(0.5, { ...call, 'cost.component': 'total', 'cost.source': 'table', feature: 'job_match' });
  webhooks.received(1, { ...delivery, 'webhook.provider': 'paypal' });
  for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -4]) queues.stalled(value, { 'queue.name': 'q' });
  for (const value of [0.05, 0.1, 0.11, 4000, -3, Number.NaN, Number.POSITIVE_INFINITY]) queues.jobWait(value, wait);
  queues.jobsActive(3, { 'queue.name': 'q' });
  queues.depth(7, { 'queue.name': 'q', state: 'waiting' });
  queues.depth(4, { 'queue.name': 'q', state: 'delayed' });
  http.requestDuration(0.1, request);
  http.requestDuration(20, { ...request, 'http.request.method': 'BREW' as 'GET' });
  http.requestBodySize.bind(request)(0);
}

/** Later records: on series that are there, on new ones, and on a group that is bound only now; past a cap; a level that falls, a gauge that is cleared. */
export function recordSecond(): void {
  cpuSeconds = 3;
  const features = bindMetrics(featureMetrics);
  ai.calls(1, { ...call, outcome: 'ok' });
  ai.inputTokens(100, { ...tokens, feature: 'job_match' });
  ai.cost(0.25, { ...call, 'cost.component': 'total', 'cost.source': 'table', feature: 'job_match' });
  features.duration(2.5, { feature: 'cv_parse', outcome: 'ok' });
  features.duration(1, { feature: 'cv_parse', outcome: 'error' });
  features.duration(700, { feature: 'job_match', outcome: 'ok' });
  features.errors(1, { feature: 'cv_parse', 'error.type': 'TypeError' });
  features.usersActive(9, { window: '5m' });
  webhooks.received(2, { ...delivery, 'webhook.provider': 'stripe' });
  webhooks.received(3, { ...delivery, 'webhook.provider': 'paypal' });
  queues.jobWait(0.05, wait);
  queues.jobsActive(-2, { 'queue.name': 'q' });
  queues.depth.clear({ 'queue.name': 'q', state: 'waiting' });
  queues.depth(5, { 'queue.name': 'q', state: 'delayed' });
  http.requestDuration(0.1, request);
  for (let index = 0; index < queueMetrics.failures.attributes['error.type'].cap + 2; index++) {
    if (index < 2 || index >= queueMetrics.failures.attributes['error.type'].cap) queues.failures(1, { 'queue.name': 'q', 'error.type': `E${index}` });
    else runtime.registry.admits(queueMetrics.failures, 'error.type', `E${index}`, undefined);
  }
}
