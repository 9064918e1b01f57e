import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ProcessEnd, type ProcessOptions, type RunningProcess, startProcess } from '../process.ts';
import { waitFor } from '../wait.ts';

/** A free loopback port for each name. */
export async function freePorts<Name extends string>(...names: Name[]): Promise<Record<Name, number>> {
  const taken = await Promise.all(names.map(async (name) => [name, await listen()] as const));
  const ports = {} as Record<Name, number>;
  for (const [name, server] of taken) {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
    ports[name] = address.port;
  }
  await Promise.all(taken.map(([, server]) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listen(): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** A server process with a temporary folder of its own. */
export interface RunningServer {
  readonly pid: number;
  /** Everything that it has printed. */
  readonly logs: string;
  /** Kills the process (SIGKILL), does without it for `pause` milliseconds (0), and starts it again with the same ports and folder; resolves when it answers. */
  restart(pause?: number): Promise<void>;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

/** How to start one kind of server on given ports. */
export interface ServerPlan<Ports> {
  readonly ports: () => Promise<Ports>;
  /** Writes what the server needs into its folder, and gives the command. */
  readonly command: (ports: Ports, folder: string) => Promise<{ command: string; args: string[]; env?: Record<string, string> }>;
  /** True once it answers; may throw. */
  readonly answers: (ports: Ports) => Promise<boolean>;
}

/**
 * Starts a server and waits until it answers; throws with its logs when it does not.
 *
 * A free port can be taken by somebody else before the server has it; then all is tried again on others, three times at most.
 */
export async function startServer<Ports>(plan: ServerPlan<Ports>): Promise<{ server: RunningServer; ports: Ports }> {
  for (let attempt = 1; ; attempt += 1) {
    const ports = await plan.ports();
    const folder = await mkdtemp(join(tmpdir(), 'tallyman-'));
    const server = new ServerProcess(await plan.command(ports, folder), folder, () => plan.answers(ports));
    try {
      await server.start();
      return { server, ports };
    } catch (error) {
      await server.stop();
      if (attempt < 3 && /address already in use/i.test(server.logs)) continue;
      throw new Error(`the server did not start: ${(error as Error).message}\n${server.logs}`, { cause: error });
    }
  }
}

class ServerProcess implements RunningServer {
  readonly #command: ProcessOptions;
  readonly #folder: string;
  readonly #answers: () => Promise<boolean>;
  readonly #children: RunningProcess[] = [];

  constructor(command: ProcessOptions, folder: string, answers: () => Promise<boolean>) {
    this.#command = command;
    this.#folder = folder;
    this.#answers = answers;
  }

  get pid(): number {
    return this.#children.at(-1)?.pid ?? 0;
  }

  get logs(): string {
    return this.#children.map(({ stdout, stderr }) => stdout + stderr).join('');
  }

  async start(): Promise<void> {
    const child = await startProcess(this.#command);
    this.#children.push(child);
    let end: ProcessEnd | undefined;
    void child.ended.then((result) => {
      end = result;
    });
    await waitFor(() => end !== undefined || this.#answers(), Boolean);
    if (end) throw new Error(`it ended (${end.signal ?? end.code})`);
  }

  async restart(pause = 0): Promise<void> {
    await this.#children.at(-1)?.stop('SIGKILL');
    await delay(pause);
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#children.at(-1)?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
