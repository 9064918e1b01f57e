/**
 * The example application under the preload, users who use it and pay for it, and the table of what its features cost and earn.
 *
 *   npm run demo                  a minute of users, then the table
 *   npm run demo -- --watch       users and a live table until Ctrl-C
 *   npm run demo -- --stack       the table is read from Prometheus, behind the collector
 *   npm run demo -- --seconds 20  users for another time
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { render, Screen, tableOf, UsageError } from '../packages/cli/dist/index.js';
import { playUsers, startApplication } from './demo/application.mjs';
import { checkParent, endAll, interrupted, say, tail } from './demo/lifetime.mjs';
import { startBackend, startProviders, startQueue } from './demo/servers.mjs';

const service = 'tailorjob';
/** Uses after which the first table says something. */
const FIRST_USES = 20;
/** More than anybody watches, in seconds. */
const ENDLESS = 1_000_000;

async function run({ watch, stack, seconds }) {
  const providers = await startProviders();
  const queue = await startQueue();
  const { endpoint, source, settle } = await startBackend({ stack, service });
  const application = await startApplication({ endpoint, service, environment: { ...providers.environment, ...queue } });
  say(watch ? 'users come: Ctrl-C ends it' : `users come, for ${seconds} seconds`);
  const users = playUsers({ app: application.url, providers: providers.url, seconds: watch ? ENDLESS : seconds });
  const last = await show(source, Promise.race([users, application.failed]));
  say('ending tailorjob, and reading what it exported');
  await application.stop();
  await settle();
  const series = await source().catch((error) => orInterrupted(error, last));
  if (!tableOf(series).total.dollars) throw new UsageError(`tailorjob exported no figures; it printed:\n${tail(readFileSync(application.file, 'utf8'))}`, 1);
  process.stdout.write(`\n${drawn(series)}\n`);
  sayMore({ watch, stack, log: application.file });
}

/** Shows what has been exported until the users are done, on a terminal live, otherwise the first figures; gives what was read last. */
async function show(source, users) {
  const screen = process.stdout.isTTY ? new Screen(process.stdout) : undefined;
  let isShown = false;
  let areDone = false;
  let series = [];
  const done = users.finally(() => {
    areDone = true;
  });
  // Awaited below, perhaps only after it has failed.
  done.catch(() => {});
  try {
    while (!areDone) {
      series = await source();
      screen?.show(drawn(series));
      const { total } = tableOf(series);
      if (!screen && !isShown && total.dollars && total.uses >= FIRST_USES) {
        process.stdout.write(`\n${drawn(series)}\n\n`);
        isShown = true;
      }
      checkParent();
      await Promise.race([done, delay(1000)]);
    }
    await done;
    return series;
  } catch (error) {
    return orInterrupted(error, series);
  } finally {
    screen?.close();
  }
}

/** After an interruption, what was read last; otherwise throws the error. */
function orInterrupted(error, last) {
  if (interrupted.aborted) return last;
  throw error;
}

function drawn(series) {
  const { env, stdout } = process;
  return render(series, { colour: stdout.isTTY && stdout.hasColors() && !env.NO_COLOR });
}

function sayMore({ watch, stack, log }) {
  const lines = [
    !watch && ['npm run demo -- --watch', 'users and a live table until Ctrl-C'],
    !stack && ['npm run demo -- --stack', 'the same table from Prometheus, behind the collector'],
    ['docker compose up', 'the whole stack, with dashboards in Grafana at http://localhost:3000'],
    ['npx tallyman top -- node app.js', 'your own application: README.md says how to install it today'],
    [relative(process.cwd(), log), 'what tailorjob printed'],
  ].filter(Boolean);
  process.stdout.write(`\nWhere to look further:\n${lines.map(([what, why]) => `  ${what.padEnd(32)} ${why}\n`).join('')}`);
}

/** The options of the command line. Throws a UsageError for one that is unknown or wrong. */
function readOptions() {
  try {
    const { values } = parseArgs({ options: { watch: { type: 'boolean' }, stack: { type: 'boolean' }, seconds: { type: 'string', default: '60' } } });
    const seconds = Number(values.seconds);
    if (!(seconds > 0)) throw new Error(`--seconds ${values.seconds} is no positive number`);
    return { ...values, seconds };
  } catch (error) {
    throw new UsageError(`${error.message.split('. ')[0]}; allowed are --watch, --stack and --seconds NUMBER`);
  }
}

try {
  await run(readOptions());
} catch (error) {
  if (!interrupted.aborted) process.stderr.write(`[tallyman] ${error instanceof UsageError ? error.message : error.stack}\n`);
  process.exitCode = interrupted.aborted ? 130 : (error.exitCode ?? 1);
} finally {
  await endAll();
}
