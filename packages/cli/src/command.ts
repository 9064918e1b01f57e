import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { UsageError } from './usage-error.ts';

/** What to run. */
export interface CommandOptions {
  /** The program and its arguments, as in a shell. */
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string | undefined;
  /** Standard input is inherited; the other two go where this says. */
  readonly output: 'inherit' | 'pipe' | number;
}

/** A command that runs. */
export interface RunningCommand {
  readonly process: ChildProcess;
  /** Resolves with the exit code once the command has ended and its output is read; 128 plus the signal's number where a signal ended it. */
  readonly ended: Promise<number>;
}

/** A descendant that still holds the output of an ended command is not waited for longer than this, in milliseconds. */
const OUTPUT_WAIT = 500;

/** Starts a command. Rejects with a {@link UsageError} when it cannot be started, with the exit code that a shell would give. */
export async function startCommand({ command, env, cwd, output }: CommandOptions): Promise<RunningCommand> {
  const [program = '', ...args] = command;
  const stdio: StdioOptions = ['inherit', output, output];
  const child = spawn(program, args, { env, cwd, stdio });
  const exited = once(child, 'exit') as Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  const closed = once(child, 'close');
  // A command that cannot be started rejects these too; the reason is told below.
  exited.catch(() => {});
  closed.catch(() => {});
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw startError(program, error as NodeJS.ErrnoException);
  }
  const end = async () => {
    const [code, signal] = await exited;
    await Promise.race([closed, delay(OUTPUT_WAIT, undefined, { ref: false })]);
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  };
  return { process: child, ended: end() };
}

function startError(program: string, { code, message }: NodeJS.ErrnoException): UsageError {
  if (code === 'ENOENT') return new UsageError(`cannot find the command "${program}": write it as in a shell, for instance tallyman top -- node app.js`, 127);
  if (code === 'EACCES')
    return new UsageError(`cannot execute "${program}": to run a script, name its interpreter, for instance tallyman top -- node app.js`, 126);
  return new UsageError(`cannot start "${program}": ${message}`, 126);
}

/**
 * Passes signals that ask this process to end on to the command, which then ends both. Gives a function that stops passing them.
 *
 * A terminal sends SIGINT and SIGHUP to the command by itself; a second one would make many applications end at once.
 */
export function passSignals(child: ChildProcess): () => void {
  const isTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const pass = (signal: NodeJS.Signals) => {
    if (!isTerminal || signal === 'SIGTERM') child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, pass);
  return () => {
    for (const signal of signals) process.removeListener(signal, pass);
  };
}
