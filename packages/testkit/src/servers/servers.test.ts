import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireServers } from './binaries.ts';
import { type RunningCollector, startCollector } from './collector.ts';
import { type RunningPrometheus, startPrometheus } from './prometheus.ts';
import { startRedis } from './redis.ts';

const pipeline = await requireServers('otelcol', 'prometheus');

describe.skipIf(pipeline.missing)('the collector and Prometheus with the repository’s configuration', () => {
  let collector: RunningCollector;
  let prometheus: RunningPrometheus;
  beforeAll(async () => {
    collector = await startCollector();
    prometheus = await startPrometheus({ collector });
  });
  afterAll(async () => {
    await prometheus?.stop();
    await collector?.stop();
  });

  it('answer PromQL with what an application sent, with the labels service, job and instance of the application', async () => {
    const response = await fetch(`${collector.otlpUrl}/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(payload(1.5)),
    });
    expect(response.status).toBe(200);
    const [sample] = await prometheus.until('ai_cost_usd_total', (samples) => samples.length > 0);
    expect(sample).toEqual({
      labels: { __name__: 'ai_cost_usd_total', service: 'tailorjob', job: 'tailorjob', instance: 'one', feature: 'job_match' },
      value: 1.5,
    });
  });

  it('name the service on target_info, and keep command lines and pids to themselves', async () => {
    const [sample] = await prometheus.until('target_info{job="tailorjob"}', (samples) => samples.length > 0);
    expect(sample?.labels).toEqual({ __name__: 'target_info', job: 'tailorjob', instance: 'one', service: 'tailorjob', process_runtime_name: 'nodejs' });
    expect(await collector.metrics()).not.toContain('sk-secret');
  });

  it('are all scraped, and the collector counts what it accepts', async () => {
    await prometheus.until('sum(up) == 3', (samples) => samples.length > 0);
    await prometheus.until('sum(otelcol_receiver_accepted_metric_points_total{service="collector"}) > 0', (samples) => samples.length > 0);
    expect(await prometheus.query('scalar(vector(2)) * -Inf')).toEqual([{ labels: {}, value: Number.NEGATIVE_INFINITY }]);
  });

  it('say what is wrong with a query, and with a configuration that does not start', async () => {
    await expect(prometheus.query('sum(')).rejects.toThrow('parse error');
    await expect(prometheus.until('vector(1)', ([one]) => one?.value === 2, { timeout: 1 })).rejects.toThrow('vector(1) = [{"labels":{},"value":1}]');
    await expect(startCollector({ env: { TALLYMAN_COLLECTOR_METRIC_EXPIRATION: 'soon' } })).rejects.toThrow(/metric_expiration/);
  });
});

const redisServer = await requireServers('redis-server');

describe.skipIf(redisServer.missing)('Redis', () => {
  it('keeps keys while it runs, and is gone when it was stopped', async () => {
    const server = await startRedis();
    const client = new Redis(server.url, { retryStrategy: null });
    await client.set('key', 'value');
    expect(await client.get('key')).toBe('value');
    client.disconnect();
    await server.stop();
    const late = new Redis(server.url, { lazyConnect: true, retryStrategy: null }).on('error', () => {});
    await expect(late.connect()).rejects.toThrow();
  });
});

function payload(cost: number) {
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const resource = {
    'service.name': 'tailorjob',
    'service.instance.id': 'one',
    'process.runtime.name': 'nodejs',
    'process.command_args': 'sk-secret',
    'process.pid': '7',
  };
  const timeUnixNano = `${BigInt(Date.now()) * 1_000_000n}`;
  const point = { timeUnixNano, startTimeUnixNano: timeUnixNano, asDouble: cost, attributes: [attribute('feature', 'job_match')] };
  const metric = { name: 'ai.cost.usd', unit: '{USD}', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] } };
  const attributes = Object.entries(resource).map(([key, value]) => attribute(key, value));
  return { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ scope: { name: '@tallyman/ai' }, metrics: [metric] }] }] };
}
