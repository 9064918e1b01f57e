/** The soak: mixed traffic while collector and Redis die and come back; at the end every number must be exact. */
import { fork } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts, startCollector, startRedis, waitFor } from '@tallyman/testkit';
import { startOpenAIProvider } from '@tallyman/testkit/providers/openai';
import { conversation, neutralEnvironment } from '../child.mjs';
import { preload } from '../variants.mjs';
import { expectedValues } from './checks.mjs';
import { report } from './report.mjs';
import { watchMemory, watchPage } from './watch.mjs';

/** More than webhooks are remembered by: 10000 events, 20000 identifiers of purchases. A short soak fills half of it. */
const PURCHASES = { most: 20_500, perMinute: 10_500 };
const LAST_MILLISECONDS = 500;
const PAUSES = { collector: [2000, 500], redis: [0, 1500] };

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Runs the soak for some minutes; resolves with whether every number was right. */
export async function soak(minutes, say) {
  const servers = { collector: await startCollector(), redis: await startRedis({ keeps: true }), provider: await startOpenAIProvider() };
  try {
    const application = await startApplication(servers);
    const load = await conversation(fork(file('load.mjs'), [`${application.hello.express}`, `${application.hello.bare}`], bare()), 'the load');
    say('filling bounded memories');
    await load.ask('fill', Math.min(PURCHASES.most, minutes * PURCHASES.perMinute));
    const figures = await underLoad(minutes * 60, servers, application, load, say);
    return report({ ...figures, minutes, lines: application.stderr() });
  } finally {
    for (const server of Object.values(servers)) await server.stop();
  }
}

function bare(env = {}) {
  return { env: { ...neutralEnvironment(), ...env }, execArgv: [] };
}

async function startApplication({ collector, redis, provider }) {
  const { prometheus } = await freePorts('prometheus');
  const options = bare({
    ...collector.env,
    OTEL_SERVICE_NAME: 'soak',
    OTEL_METRICS_EXPORTER: 'otlp,prometheus',
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    OTEL_EXPORTER_PROMETHEUS_PORT: `${prometheus}`,
    TALLYMAN_CONFIG: file('tallyman.config.mjs'),
  });
  const child = fork(file('application.mjs'), [provider.url, `${redis.port}`], {
    ...options,
    execArgv: ['--expose-gc', '--require', preload],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const application = await conversation(child, 'the application').catch((error) => Promise.reject(new Error(`${error.message}\n${stderr}`)));
  const metrics = async () => (await fetch(`http://127.0.0.1:${prometheus}/metrics`)).text();
  return { ...application, metrics, stderr: () => stderr, kill: (signal) => child.kill(signal) };
}

async function underLoad(seconds, { collector, redis, provider }, application, load, say) {
  const own = watchPage(application.metrics);
  const collected = watchPage(collector.metrics, { mayBeGone: true });
  const memory = watchMemory(application, Math.max(1, seconds / 120));
  const running = load.ask('run', seconds * 1000);
  const restarts = await restartUntil(seconds, { collector, redis }, say);
  await running;
  const samples = await memory.stop();
  const eventLoop = await application.ask('eventLoop');
  say('waiting for the jobs that are left');
  await waitFor(
    () => application.ask('jobsLeft'),
    (left) => left === 0,
    { timeout: 60_000, interval: 250 },
  );
  const pages = { own: await own.stop(), collected: await collected.stop() };
  // What comes right before the end can only arrive with it.
  const counts = await load.ask('run', LAST_MILLISECONDS);
  await waitFor(
    () => application.ask('jobsLeft'),
    (left) => left === 0,
    { timeout: 60_000, interval: 20 },
  );
  const expected = expectedValues({ load: counts, application: await application.ask('counts'), requests: provider.requests.length });
  const ownPage = await application.metrics();
  application.kill('SIGTERM');
  const end = await application.ended;
  const collectorPage = await collector.metrics();
  await load.stop();
  return { seconds, restarts, samples, eventLoop, pages, expected, ownPage, collectorPage, end, counts };
}

/** Kills collector and Redis in turn, at least four times. */
async function restartUntil(seconds, servers, say) {
  const until = performance.now() + seconds * 1000;
  const interval = Math.max(seconds / 14, Math.min(seconds / 5, 12)) * 1000;
  const restarts = { collector: 0, redis: 0 };
  for (let turn = 0; performance.now() + interval < until; turn++) {
    await pause(interval);
    const name = turn % 2 === 0 ? 'collector' : 'redis';
    const rest = PAUSES[name][(turn >> 1) % 2];
    say(`${Math.round((until - performance.now()) / 1000)} s to go: ${name} is killed, and comes back after ${rest} ms`);
    await servers[name].restart(rest);
    restarts[name]++;
  }
  return restarts;
}
