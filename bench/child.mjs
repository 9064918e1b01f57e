/** Child processes: programs that run to their end, and applications that answer questions over Node's IPC channel. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onItsCore } from './cores.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** The absolute path of a file in `bench/apps`. */
export function appFile(name) {
  return fileURLToPath(new URL(`apps/${name}`, import.meta.url));
}

/** Settings of whoever runs the benchmark must not reach what it starts. */
export function neutralEnvironment() {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL_|TALLYMAN_(?!CACHE$)|NODE_OPTIONS$|NODE_COMPILE_CACHE$)/.test(name));
  return { ...Object.fromEntries(inherited), NODE_ENV: 'production' };
}

/** What all variants share is set here. */
function environmentOf(variant, sink) {
  return {
    ...neutralEnvironment(),
    ...sink.environmentOf(variant),
    // The first exports, which load the SDK, belong into the warm-up.
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    ...variant.env,
  };
}

function commandOf({ nodeFlags }, file, args) {
  return [process.execPath, [...nodeFlags, file, ...args]];
}

/** Runs a program to its end: resolves with milliseconds from spawn to exit and what it wrote to stdout, which must be JSON. */
export async function runToEnd(variant, sink, file, args = []) {
  const from = performance.now();
  const options = { cwd: folder, env: environmentOf(variant, sink), stdio: ['ignore', 'pipe', 'inherit'] };
  const child = spawn(...commandOf(variant, file, args), options);
  let milliseconds = 0;
  let output = '';
  child.once('exit', () => {
    milliseconds = performance.now() - from;
  });
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${file} under ${variant.name} ended with ${signal ?? code}`);
  return { milliseconds, ...JSON.parse(output) };
}

const talking = ['ignore', 'ignore', 'inherit', 'ipc'];

/**
 * The size of the semi-spaces that V8 lets the young generation grow to by default (Node 24), given from the start to applications that stay up. A busy
 * application reaches it; a bare server of one file stays at a quarter or a half, nearer to a processor's caches, until something is preloaded: its users
 * would see that difference as the cost of each request.
 */
const GROWN_UP = '--min-semi-space-size=32';

/** Starts an application that is measured, and that calls `answer` of apps/answer.mjs; resolves when it is ready. */
export async function startApp(variant, sink, file, args = []) {
  if (variant.within !== undefined) return startWithin(variant, sink, file, args);
  const command = commandOf({ nodeFlags: [GROWN_UP, ...variant.nodeFlags] }, file, args);
  const child = spawn(...onItsCore(...command), { cwd: folder, env: environmentOf(variant, sink), stdio: talking });
  return { variant, ...(await conversation(child, `${file} under ${variant.name}`)) };
}

/** Starts the one process of variants that share it, with the first of them; before each question it is told whether to be measured. */
async function startWithin({ within, ...variant }, sink, file, args) {
  const { shared, preload, isMeasured } = within;
  shared.app ??= startApp({ ...variant, name: shared.name }, sink, appFile('within.cjs'), [preload, file, ...args]);
  const app = await shared.app;
  return {
    ...app,
    variant,
    async ask(name, input) {
      await app.ask('measure', isMeasured);
      return app.ask(name, input);
    },
    async stop() {
      if (shared.app === undefined) return;
      shared.app = undefined;
      await app.stop();
    },
  };
}

/** Starts what an application needs and is not measured, such as its load; resolves when it is ready. */
export function startBeside(file) {
  return conversation(spawn(process.execPath, [file], { cwd: folder, env: neutralEnvironment(), stdio: talking }), file);
}

/** Talks to a child process that calls `answer` of apps/answer.mjs; resolves when it is ready. */
export async function conversation(child, title) {
  const ended = once(child, 'exit').then(([code, signal]) => signal ?? code);
  const reply = async () => {
    const waiting = new AbortController();
    const message = once(child, 'message', { signal: waiting.signal }).then(([value]) => value);
    const early = ended.then((status) => {
      waiting.abort();
      throw new Error(`${title} ended with ${status}`);
    });
    message.catch(() => {});
    early.catch(() => {});
    return Promise.race([message, early]);
  };
  const hello = await reply();
  return {
    hello,
    /** Resolves with the code or signal of the end. */
    ended,
    /** Resolves with the answer; rejects when the application ends instead. One question at a time. */
    ask(name, input) {
      child.send({ name, input });
      return reply();
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
