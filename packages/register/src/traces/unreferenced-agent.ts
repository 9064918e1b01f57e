import { readFileSync } from 'node:fs';
import { Agent, type AgentOptions } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { OtlpTarget } from '../otlp/target.ts';

/** A keep-alive agent whose sockets never keep the process alive: what is left is delivered when it ends. */
export function unreferencedAgent(protocol: string, tls: OtlpTarget['tls']): Agent {
  const options: AgentOptions = { keepAlive: true, ...Object.fromEntries(Object.entries(tls).map(([key, path]) => [key, readFileSync(path)])) };
  const created = protocol === 'https:' ? new TlsAgent(options) : new Agent(options);
  const unreferenced = created as unknown as {
    createConnection(...args: unknown[]): Socket;
    reuseSocket(socket: Socket, request: unknown): void;
  };
  const createConnection = unreferenced.createConnection.bind(created);
  const reuseSocket = unreferenced.reuseSocket.bind(created);
  unreferenced.createConnection = (...args) => createConnection(...args).unref();
  unreferenced.reuseSocket = (socket, request) => {
    reuseSocket(socket, request);
    socket.unref();
  };
  return created;
}
