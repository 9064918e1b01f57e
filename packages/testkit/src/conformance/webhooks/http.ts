import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onRequestEnd } from '@tallyman/core';

/** What an application gets of a delivery: the raw body, and the headers. */
export interface ReceivedDelivery {
  readonly body: Buffer | string;
  readonly headers: IncomingHttpHeaders;
}

/** The application's handler: gives the status to answer with. */
export type Handler = (delivery: ReceivedDelivery) => number | Promise<number>;

/** Starts a server that hands the body of each POST to the handler, as its framework does. */
export type StartServer = (handler: Handler) => Promise<Server>;

/** A request that a provider would send. */
export interface OutgoingDelivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Resolves when the server listens on a free port of the loopback interface. */
export async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return server;
}

/** Node's own server; the body comes by `data` and `end` events, outside the request's asynchronous context on newer versions of Node. */
export const startBareServer: StartServer = (handler) =>
  listening(
    createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const answer = async () => outgoing.writeHead(await handler({ body: Buffer.concat(chunks), headers: incoming.headers })).end();
        answer().catch(() => outgoing.writeHead(500).end());
      });
    }),
  );

/** Sends the delivery and resolves with the status, when the server's side of the request has ended too. */
export async function deliver(server: Server, delivery: OutgoingDelivery): Promise<number> {
  const ended = nextRequestEnd();
  const status = await new Promise<number>((resolve, reject) => {
    const outgoing = open(server, delivery);
    outgoing.once('response', (response) => response.resume().once('end', () => resolve(response.statusCode ?? 0)));
    outgoing.once('error', reject);
    outgoing.end(delivery.body);
  });
  await ended;
  return status;
}

/** Sends the delivery, hangs up when `handled` resolves, and resolves when the server's side of the request has ended. */
export async function hangUp(server: Server, delivery: OutgoingDelivery, handled: Promise<void>): Promise<void> {
  const ended = nextRequestEnd();
  const outgoing = open(server, delivery);
  outgoing.on('error', () => {});
  outgoing.end(delivery.body);
  await handled;
  outgoing.destroy();
  await ended;
}

/** A request to the server, on a connection of its own. */
export function open(server: Server, { headers, body }: OutgoingDelivery) {
  const { port } = server.address() as AddressInfo;
  const length = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  return request({ host: '127.0.0.1', port, path: '/webhook', method: 'POST', agent: false, headers: { ...length, ...headers } });
}

/** Listeners are told in the order of their subscription, so what the domain records of this request is recorded then. */
function nextRequestEnd(): Promise<void> {
  return new Promise((resolve) => {
    const stop = onRequestEnd(() => {
      stop();
      resolve();
    });
  });
}
