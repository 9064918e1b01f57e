import { spawnSync } from 'node:child_process';
import { startProviders as startLocalProviders } from '../../examples/tailorjob/providers/server.mjs';
import { prometheusSource, startReceiver } from '../../packages/cli/dist/index.js';
import { startCollector, startPrometheus, startRedis } from '../../packages/testkit/dist/index.js';
import { interrupted, keep, say } from './lifetime.mjs';

const { env } = process;
/** BullMQ runs on this Redis or a newer one. */
const OLDEST_REDIS = [6, 2];

/** Starts what the application takes for OpenAI and Stripe. */
export async function startProviders() {
  say('starting the providers: local servers that speak like OpenAI and Stripe');
  const providers = await startLocalProviders();
  return keep(providers, () => providers.close());
}

/** The variables that tell the application which queue to use: a Redis for BullMQ, or none. */
export async function startQueue() {
  if (env.REDIS_URL) {
    say('jobs run on BullMQ, on the Redis of REDIS_URL');
    return { REDIS_URL: env.REDIS_URL };
  }
  if (!hasRedis()) {
    say('no redis-server on PATH: jobs run on pg-boss, on PGlite');
    return {};
  }
  say('starting Redis: jobs run on BullMQ');
  const redis = await startRedis();
  keep(redis, () => redis.stop());
  return { REDIS_URL: redis.url };
}

function hasRedis() {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  const [, major = 0, minor = 0] = (/v=(\d+)\.(\d+)/.exec(stdout ?? '') ?? []).map(Number);
  return major > OLDEST_REDIS[0] || (major === OLDEST_REDIS[0] && minor >= OLDEST_REDIS[1]);
}

/**
 * What the application exports to: `endpoint`; `source` reads what it has exported; `settle` waits until all of it can be read.
 */
export async function startBackend({ stack, service }) {
  return stack ? startStack(service) : startOwnReceiver();
}

async function startOwnReceiver() {
  const receiver = await startReceiver();
  return { endpoint: receiver.endpoint, source: async () => receiver.series(), settle: () => receiver.close() };
}

async function startStack(service) {
  say('starting the collector and Prometheus with the configuration of this repository');
  const collector = await startCollector();
  keep(collector, () => collector.stop());
  const prometheus = await startPrometheus({ collector });
  keep(prometheus, () => prometheus.stop());
  say(`Prometheus is at ${prometheus.url}`);
  return {
    endpoint: `${collector.otlpUrl}/v1/metrics`,
    source: prometheusSource({ url: prometheus.url, service }),
    settle: async () => {
      // A Ctrl-C reaches these servers too: what was read last must do.
      if (interrupted.aborted) return;
      const now = Date.now() / 1000;
      await prometheus.until('min(timestamp(up{job="applications"}))', ([scraped]) => scraped !== undefined && scraped.value > now);
    },
  };
}
