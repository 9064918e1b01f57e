import { once } from 'node:events';
import { connect } from 'node:net';
import { requireComponent } from './binaries.ts';
import { freePorts, type RunningServer, startServer } from './server.ts';

/** What a Redis keeps. */
export interface RedisOptions {
  /** Whether a restarted one still has what it had acknowledged; nothing is kept unless given. */
  readonly keeps?: boolean;
}

/** A Redis of its own, empty at first. */
export interface RunningRedis extends RunningServer {
  readonly host: string;
  readonly port: number;
  /** `redis://127.0.0.1:<port>`. */
  readonly url: string;
}

/** Starts Redis on a free loopback port; rejects when there is none, or with its logs when it does not start. */
export async function startRedis({ keeps = false }: RedisOptions = {}): Promise<RunningRedis> {
  const { path } = await requireComponent('redis-server');
  const { server, ports } = await startServer({
    ports: () => freePorts('redis'),
    command: async ({ redis }, folder) => ({
      command: path,
      args: ['--bind', '127.0.0.1', '--port', `${redis}`, '--dir', folder, '--save', '', '--appendonly', keeps ? 'yes' : 'no', '--appendfsync', 'no'],
    }),
    answers: ({ redis }) => ping(redis),
  });
  return Object.assign(server, { host: '127.0.0.1', port: ports.redis, url: `redis://127.0.0.1:${ports.redis}` });
}

async function ping(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.end('PING\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString().startsWith('+PONG');
  } finally {
    socket.destroy();
  }
}
