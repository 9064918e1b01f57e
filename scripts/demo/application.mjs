import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { measuredEnvironment, preloadPath, startCommand, UsageError } from '../../packages/cli/dist/index.js';
import { bindToThisProcess, interrupted, keep, say, tail } from './lifetime.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const example = join(root, 'examples', 'tailorjob');
const logFolder = join(root, '.cache', 'demo');
/** How long the application may take to start, in milliseconds. */
const START_LIMIT = 60_000;
/** How long it may take to end; a Ctrl-C ends its Redis in the same moment, and then it waits in vain. */
const END_LIMIT = 10_000;
const INTERRUPTED_END_LIMIT = 3_000;

/**
 * Starts the application, which knows nothing of all this, under the preload: its address, the file of what it prints, a function
 * that ends it, and `failed`, which rejects when it ends. Throws a UsageError with its output when it does not start.
 */
export async function startApplication({ endpoint, service, environment }) {
  say('starting tailorjob: node --require @tallyman/register app.mjs');
  mkdirSync(logFolder, { recursive: true });
  const file = join(logFolder, 'tailorjob.log');
  const log = createWriteStream(file);
  const env = measuredEnvironment({ ...process.env, ...environment, HOST: '127.0.0.1', PORT: '0', OTEL_SERVICE_NAME: service }, endpoint, preloadPath());
  const { process: child, ended } = await startCommand({ command: [process.execPath, 'app.mjs'], cwd: example, env, output: 'pipe' });
  const forget = bindToThisProcess(child);
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), interrupted.aborted ? INTERRUPTED_END_LIMIT : END_LIMIT);
    await ended;
    clearTimeout(timer);
    forget();
  };
  keep(child, stop);
  for (const output of [child.stdout, child.stderr]) output.on('data', (text) => log.write(text));
  const failed = ended.then((code) => {
    throw new UsageError(`tailorjob ended with exit code ${code}; it printed:\n${tail(readFileSync(file, 'utf8'))}`, 1);
  });
  // It also ends when it is told to, and then nobody asks.
  failed.catch(() => {});
  const url = await Promise.race([addressOf(child), failed, delay(START_LIMIT, undefined, { ref: false })]);
  if (url === undefined) throw new UsageError(`tailorjob does not listen after ${START_LIMIT / 1000} s; it printed:\n${tail(readFileSync(file, 'utf8'))}`, 1);
  return { url, file, stop, failed };
}

function addressOf(child) {
  let text = '';
  return new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const match = /listening on (http:\/\/\S+)/.exec(text);
      if (match) resolve(match[1]);
    });
  });
}

/** Plays users; resolves when their time is over or the demo is interrupted. Throws a UsageError with their output when they fail. */
export async function playUsers({ app, providers, seconds }) {
  if (interrupted.aborted) return;
  const args = ['traffic.mjs', '--app', app, '--providers', providers, '--seconds', `${seconds}`];
  const child = spawn(process.execPath, args, { cwd: example, stdio: ['ignore', 'ignore', 'pipe'] });
  const forget = bindToThisProcess(child);
  interrupted.addEventListener('abort', () => child.kill('SIGKILL'));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const [code] = await once(child, 'close');
  forget();
  if (code !== 0 && !interrupted.aborted) throw new UsageError(`the users failed:\n${tail(errors)}`, 1);
}
