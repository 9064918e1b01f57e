import { openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { passSignals, type RunningCommand, startCommand } from './command.ts';
import { measuredEnvironment, preloadPath } from './environment.ts';
import { prometheusSource } from './prometheus.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { render } from './render.ts';
import { Screen } from './screen.ts';
import type { SeriesSource } from './series.ts';
import { UsageError } from './usage-error.ts';

/** The options of `tallyman top`. */
export interface TopOptions {
  /** Prints the table once: at the end of the command, or what Prometheus has now. */
  readonly once?: boolean | undefined;
  /** A file for the output of the command. */
  readonly log?: string | undefined;
  /** Reads from the Prometheus at this URL instead of running a command. */
  readonly prometheus?: string | undefined;
  /** Only this service, from Prometheus. */
  readonly service?: string | undefined;
}

/** Between two looks at the numbers, in milliseconds. */
const INTERVAL = 1000;

/**
 * Runs `tallyman top` and resolves with the exit code of the process: that of the command, where one is run.
 *
 * Rejects with a {@link UsageError} when the options contradict each other, or the command or Prometheus cannot be reached.
 */
export async function top(command: readonly string[], options: TopOptions): Promise<number> {
  const { prometheus, service } = options;
  if (prometheus !== undefined && command.length > 0) throw new UsageError('give a command or --prometheus URL, not both');
  if (prometheus !== undefined) return showPrometheus(prometheusSource({ url: httpUrl(prometheus), service }), options);
  if (service !== undefined) throw new UsageError('--service belongs to --prometheus URL');
  if (command.length > 0) return runCommand(command, options);
  throw new UsageError('nothing to run: give a command, for instance tallyman top -- node app.js, or --prometheus URL');
}

async function runCommand(command: readonly string[], { once, log }: TopOptions): Promise<number> {
  const receiver = await startReceiver();
  const env = measuredEnvironment(process.env, receiver.endpoint, preloadPath());
  const isLive = process.stdout.isTTY && !once;
  const output = log === undefined ? (isLive ? 'pipe' : 'inherit') : openLog(log);
  const running = await startCommand({ command, env, output });
  const stopPassing = passSignals(running.process);
  const stopDrawing = isLive ? drawLive(running, receiver) : undefined;
  const exitCode = await running.ended;
  await receiver.close();
  stopDrawing?.();
  stopPassing();
  finish(receiver);
  return exitCode;
}

/** Draws the table in place, the output of the command above it; gives a function that ends it. */
function drawLive({ process: child }: RunningCommand, receiver: Receiver): () => void {
  const screen = new Screen(process.stdout);
  if (child.stdout) screen.follow(child.stdout, process.stdout);
  if (child.stderr) screen.follow(child.stderr, process.stderr);
  const show = () => screen.show(draw(receiver.series()));
  show();
  const timer = setInterval(show, INTERVAL);
  return () => {
    clearInterval(timer);
    screen.close();
  };
}

function finish(receiver: Receiver): void {
  for (const refusal of receiver.refusals) process.stderr.write(`[tallyman] an export was refused: ${refusal}\n`);
  if (receiver.exports === 0) {
    process.stderr.write(
      '[tallyman] nothing was exported; an application is measured on Node 22.15 or newer, where NODE_OPTIONS reaches it and OTEL_SDK_DISABLED is not set\n',
    );
  }
  process.stdout.write(`\n${draw(receiver.series())}\n`);
}

/** Shows a source once, or on a terminal again and again until Ctrl-C. */
async function showPrometheus(source: SeriesSource, { once }: TopOptions): Promise<number> {
  let text = draw(await source());
  if (!process.stdout.isTTY || once) {
    process.stdout.write(`${text}\n`);
    return 0;
  }
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const screen = new Screen(process.stdout);
  while (!stop.signal.aborted) {
    screen.show(text);
    await delay(INTERVAL, undefined, { signal: stop.signal }).catch(() => {});
    text = await source().then(draw, (error: Error) => `${text}\n\n${error.message}`);
  }
  screen.close();
  process.stdout.write(`${text}\n`);
  return 0;
}

/** The table in colour where standard output takes it. */
function draw(series: Awaited<ReturnType<SeriesSource>>): string {
  return render(series, { colour: process.stdout.isTTY && process.stdout.hasColors() && !process.env.NO_COLOR });
}

function openLog(file: string): number {
  try {
    return openSync(file, 'w');
  } catch (error) {
    throw new UsageError(`cannot write the log ${file}: ${(error as Error).message}`);
  }
}

function httpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new UsageError(`"${text}" is no URL of a Prometheus: write for instance http://localhost:9090`);
  return text;
}
