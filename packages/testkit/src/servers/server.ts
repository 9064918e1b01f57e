import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProcessEnd, type RunningProcess, startProcess } from '../process.ts';
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
    const child = await startProcess(await plan.command(ports, folder));
    const server = inFolder(child, folder);
    try {
      await untilAnswers(child, () => plan.answers(ports));
      return { server, ports };
    } catch (error) {
      await server.stop();
      if (attempt < 3 && /address already in use/i.test(server.logs)) continue;
      throw new Error(`the server did not start: ${(error as Error).message}\n${server.logs}`, { cause: error });
    }
  }
}

async function untilAnswers(child: RunningProcess, answers: () => Promise<boolean>): Promise<void> {
  let end: ProcessEnd | undefined;
  void child.ended.then((result) => {
    end = result;
  });
  await waitFor(() => end !== undefined || answers(), Boolean);
  if (end) throw new Error(`it ended (${end.signal ?? end.code})`);
}

function inFolder(child: RunningProcess, folder: string): RunningServer {
  return {
    pid: child.pid,
    get logs() {
      return child.stdout + child.stderr;
    },
    async stop() {
      await child.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
