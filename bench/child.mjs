/** Child processes: programs that run to their end, and applications that answer questions over Node's IPC channel. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** The absolute path of a file in `bench/apps`. */
export function appFile(name) {
  return fileURLToPath(new URL(`apps/${name}`, import.meta.url));
}

/** Settings of whoever runs the benchmark must not reach the applications; what all variants share is set here. */
function environmentOf(variant, sink) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL_|TALLYMAN_|NODE_OPTIONS$|NODE_COMPILE_CACHE$)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    NODE_ENV: 'production',
    ...sink.environmentOf(variant),
    // The first exports, after which V8 compiles much of Node's HTTP anew, belong into the warm-up.
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    ...variant.env,
  };
}

function spawnNode(variant, sink, file, args, stdio) {
  return spawn(process.execPath, [...variant.nodeFlags, file, ...args], { cwd: folder, env: environmentOf(variant, sink), stdio });
}

/** Runs a program to its end: resolves with milliseconds from spawn to exit and what it wrote to stdout, which must be JSON. */
export async function runToEnd(variant, sink, file, args = []) {
  const from = performance.now();
  const child = spawnNode(variant, sink, file, args, ['ignore', 'pipe', 'inherit']);
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

/** Starts an application that calls `answer` of apps/answer.mjs; resolves when it is ready. */
export async function startApp(variant, sink, file, args = []) {
  const child = spawnNode(variant, sink, file, args, ['ignore', 'ignore', 'inherit', 'ipc']);
  return { variant, ...(await conversation(child, `${file} under ${variant.name}`)) };
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
