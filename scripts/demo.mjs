/**
 * The example application under the preload, users who use and pay for it, and the table of what its features cost and earn.
 *
 *   npm run demo                  about a minute of users, then the table
 *   npm run demo -- --watch       users and a live table until Ctrl-C
 *   npm run demo -- --stack       through the collector and Prometheus: the table is read from Prometheus
 *   npm run demo -- --seconds 20  for another time
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startProviders } from '../examples/tailorjob/providers/server.mjs';
import { measuredEnvironment, preloadPath, prometheusSource, render, Screen, startCommand, startReceiver, tableOf, UsageError } from '../packages/cli/dist/index.js';
import { startCollector, startPrometheus, startRedis } from '../packages/testkit/dist/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const example = join(root, 'examples', 'tailorjob');
const logFolder = join(root, '.cache', 'demo');
const SERVICE = 'tailorjob';
/** BullMQ runs on this Redis or a newer one. */
const OLDEST_REDIS = [6, 2];
/** How long the application may take to start and to end, in milliseconds. */
const START_LIMIT = 60_000;
const END_LIMIT = 10_000;
/** Uses after which the first table says something. */
const FIRST_USES = 20;

/** What was started, the latest first. */
const started = [];
/** Aborted by a signal, or when whoever started the demo is gone. */
const interrupted = new AbortController();

function say(line) {
  process.stdout.write(`> ${line}\n`);
}

/** Remembers how to end what was started, and gives it. */
function keep(thing, end) {
  started.unshift(end);
  return thing;
}

async function endAll() {
  for (const end of started.splice(0)) await end();
}

/** The variables that tell the application which queue to use. */
async function startQueue() {
  if (process.env.REDIS_URL) {
    say('jobs run on BullMQ, on the Redis of REDIS_URL');
    return { REDIS_URL: process.env.REDIS_URL };
  }
  const [, major, minor] = /v=(\d+)\.(\d+)/.exec(spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout ?? '') ?? [0, 0, 0];
  if (Number(major) > OLDEST_REDIS[0] || (Number(major) === OLDEST_REDIS[0] && Number(minor) >= OLDEST_REDIS[1])) {
    say('starting Redis: jobs run on BullMQ');
    const redis = await startRedis();
    keep(redis, () => redis.stop());
    return { REDIS_URL: redis.url };
  }
  say('no redis-server on PATH: jobs run on pg-boss, on PGlite');
  return {};
}

/** Where the application exports to, how to read what it has exported, and how to wait until its last export can be read. */
async function startBackend(isStack) {
  if (!isStack) {
    const receiver = await startReceiver();
    return { endpoint: receiver.endpoint, source: async () => receiver.series(), settle: () => receiver.close() };
  }
  say('starting the collector and Prometheus, with the configuration of this repository (what is not installed is installed first, which takes minutes)');
  const collector = await startCollector();
  keep(collector, () => collector.stop());
  const prometheus = await startPrometheus({ collector });
  keep(prometheus, () => prometheus.stop());
  say(`Prometheus is at ${prometheus.url}`);
  return {
    endpoint: `${collector.otlpUrl}/v1/metrics`,
    source: prometheusSource({ url: prometheus.url, service: SERVICE }),
    settle: async () => {
      const now = Date.now() / 1000;
      await prometheus.until('min(timestamp(up{job="applications"}))', ([scraped]) => scraped !== undefined && scraped.value > now);
    },
  };
}

/** Starts the application, which knows nothing of all this, and waits for its address. */
async function startApplication(endpoint, environment) {
  say('starting tailorjob: node --require @tallyman/register app.mjs');
  const file = join(logFolder, 'tailorjob.log');
  const log = createWriteStream(file);
  const env = measuredEnvironment({ ...process.env, ...environment, HOST: '127.0.0.1', PORT: '0', OTEL_SERVICE_NAME: SERVICE }, endpoint, preloadPath());
  const { process: child, ended } = await startCommand({ command: [process.execPath, 'app.mjs'], cwd: example, env, output: 'pipe' });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(kill, END_LIMIT);
    await ended;
    clearTimeout(timer);
    process.removeListener('exit', kill);
  };
  keep(child, stop);
  for (const output of [child.stdout, child.stderr]) output.on('data', (text) => log.write(text));
  return { url: await addressOf(child, ended, file), stop, file };
}

async function addressOf(child, ended, file) {
  let text = '';
  const address = new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const match = /listening on (http:\/\/\S+)/.exec(text);
      if (match) resolve(match[1]);
    });
  });
  const url = await Promise.race([address, ended.then(() => undefined), delay(START_LIMIT, undefined, { ref: false })]);
  if (url === undefined) throw new UsageError(`tailorjob did not start:\n${readFileSync(file, 'utf8').slice(-2000)}`, 1);
  return url;
}

/** Starts users; resolves when their time is over. */
async function playUsers(addresses, seconds) {
  const args = ['traffic.mjs', '--app', addresses.app, '--providers', addresses.providers, '--seconds', `${seconds}`];
  const child = spawn(process.execPath, args, { cwd: example, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  interrupted.signal.addEventListener('abort', kill);
  const [code] = await once(child, 'close');
  process.removeListener('exit', kill);
  if (code !== 0 && !interrupted.signal.aborted) throw new UsageError(`the users failed:\n${errors.slice(-2000)}`, 1);
}

function drawn(series) {
  const colour = process.stdout.isTTY && process.stdout.hasColors() && !process.env.NO_COLOR;
  return render(series, { colour });
}

/** Shows what has been exported until the users are done: on a terminal live, otherwise the first figures. */
async function show(source, done) {
  const screen = process.stdout.isTTY ? new Screen(process.stdout) : undefined;
  let isShown = false;
  let isDone = false;
  const ending = done.finally(() => {
    isDone = true;
  });
  try {
    while (!isDone) {
      const series = await source();
      const { total } = tableOf(series);
      if (screen) screen.show(drawn(series));
      else if (!isShown && total.dollars && total.uses >= FIRST_USES) {
        process.stdout.write(`\n${drawn(series)}\n\n`);
        isShown = true;
      }
      if (process.ppid !== parent) interrupted.abort();
      await Promise.race([ending, delay(1000)]);
    }
    await ending;
  } finally {
    screen?.close();
  }
}

function sayMore({ watch, stack }, log) {
  const lines = [
    !watch && ['npm run demo -- --watch', 'users and a live table until Ctrl-C'],
    !stack && ['npm run demo -- --stack', 'the same table from a collector and Prometheus'],
    ['docker compose up', 'the whole stack, with dashboards in Grafana at http://localhost:3000'],
    ['npx tallyman top -- node app.js', 'your own application: README.md says how to install it today'],
    [relative(process.cwd(), log), 'what tailorjob printed'],
  ].filter(Boolean);
  process.stdout.write(`\nWhere to look further:\n${lines.map(([what, why]) => `  ${what.padEnd(32)} ${why}\n`).join('')}`);
}

async function run(options) {
  mkdirSync(logFolder, { recursive: true });
  say('starting the providers: local servers that speak like OpenAI and Stripe');
  const providers = await startProviders();
  keep(providers, () => providers.close());
  const queue = await startQueue();
  const { endpoint, source, settle } = await startBackend(options.stack);
  const application = await startApplication(endpoint, { ...providers.environment, ...queue });
  const seconds = options.watch ? 1_000_000 : Number(options.seconds);
  say(options.watch ? 'users come: Ctrl-C ends it' : `users come, for ${seconds} seconds`);
  await show(source, playUsers({ app: application.url, providers: providers.url }, seconds));
  say('ending tailorjob, and reading what it exported');
  await application.stop();
  await settle();
  const series = await source();
  process.stdout.write(`\n${drawn(series)}\n`);
  sayMore(options, application.file);
  return tableOf(series).total.dollars ? 0 : 1;
}

const parent = process.ppid;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupted.abort());
try {
  const { values } = parseArgs({ options: { watch: { type: 'boolean' }, stack: { type: 'boolean' }, seconds: { type: 'string', default: '60' } } });
  process.exitCode = await run(values);
} catch (error) {
  process.stderr.write(`[tallyman] ${error instanceof UsageError ? error.message : error.stack}\n`);
  process.exitCode = 1;
} finally {
  await endAll();
}
