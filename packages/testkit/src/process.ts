import { type ChildProcess, spawn } from 'node:child_process';

/** How a process ended: exactly one of the two is not null, as Node reports it. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What to start. An environment variable that is undefined is taken away. */
export interface ProcessOptions {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** What stands on the standard input; nothing does unless given. */
  readonly input?: string;
}

/** A process that runs, or has ended: its output so far, and its end. */
export interface RunningProcess {
  readonly pid: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves when the process has ended and its output is complete; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** Resolves with the first match in stdout or stderr; rejects, with the output, when the process ends before or time is up. */
  ready(pattern: RegExp, timeout?: number): Promise<RegExpExecArray>;
  /** Sends the signal (SIGTERM) and resolves with the end; after `timeout` milliseconds (10000) SIGKILL follows. */
  stop(signal?: NodeJS.Signals, timeout?: number): Promise<ProcessEnd>;
}

/** Starts a process that does not outlive this one; rejects when the command cannot be executed. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const { command, args = [], cwd, env = {}, input } = options;
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.stdin?.on('error', () => undefined).end(input);
  return new Child(child, `${command} ${args.join(' ')}`);
}

class Child implements RunningProcess {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #title: string;

  constructor(child: ChildProcess, title: string) {
    this.#child = child;
    this.#title = title;
    this.pid = child.pid ?? 0;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        process.removeListener('exit', kill);
        resolve({ code, signal });
      });
    });
  }

  ready(pattern: RegExp, timeout = 20_000): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.#child.stdout?.removeListener('data', look);
        this.#child.stderr?.removeListener('data', look);
        act();
      };
      const fail = (what: string) => settle(() => reject(new Error(`${this.#title} ${what} before ${pattern}\n${this.stdout}${this.stderr}`)));
      const look = () => {
        const match = new RegExp(pattern).exec(this.stdout) ?? new RegExp(pattern).exec(this.stderr);
        if (match) settle(() => resolve(match));
      };
      const timer = setTimeout(() => fail(`said nothing for ${timeout} ms`), timeout);
      this.#child.stdout?.on('data', look);
      this.#child.stderr?.on('data', look);
      void this.ended.then(({ code, signal }) => fail(`ended (${signal ?? code})`));
      look();
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM', timeout = 10_000): Promise<ProcessEnd> {
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeout);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }
}
