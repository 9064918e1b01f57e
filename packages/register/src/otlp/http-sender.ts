import { readFileSync } from 'node:fs';
import { isIP, type Socket } from 'node:net';
import type { OtlpPost } from './post.ts';
import type { OtlpTarget } from './target.ts';

/** What became of a request; the error's `code` is that of the connection, or `http_` and the status. */
export type Outcome = { readonly code: 0 } | { readonly code: 1; readonly error: Error };

const STATUS = /^HTTP\/1\.\d (\d{3})/;
/** More than a status line and the announcements before it need. */
const MAX_HEAD = 16_384;

/**
 * Posts over HTTP/1.1, each time on a connection of its own, which never keeps the process alive.
 *
 * Not by `node:http`: its client has classes in common with its server, and from a process' first request on V8 runs what both use for the shapes of both,
 * which makes every request that the application serves slower (Node 24, `bare, calling out` of `npm run bench -- http --control`).
 */
export class HttpSender {
  readonly #timeoutMs: number;
  readonly #sending: Set<object>;
  readonly #tls: Readonly<Record<string, Buffer>>;
  #session: Buffer | undefined;

  /** `sending` holds what was handed to the operating system and is not answered. Throws where a file of `tls` cannot be read. */
  constructor({ timeoutMs, tls }: Pick<OtlpTarget, 'timeoutMs' | 'tls'>, sending: Set<object>) {
    this.#timeoutMs = timeoutMs;
    this.#sending = sending;
    this.#tls = Object.fromEntries(Object.entries(tls).map(([key, path]) => [key, readFileSync(path)]));
  }

  /** Tells once what became of it, as soon as the status of the answer is known. */
  send(post: OtlpPost, ended: (outcome: Outcome) => void): void {
    const url = new URL(post.url);
    const socket = this.#connect(url);
    let received: string | undefined = '';
    let failure: Error | undefined;
    const timer = setTimeout(() => socket.destroy(failed('ETIMEDOUT')), this.#timeoutMs);
    socket.unref();
    socket.on('data', (chunk: Buffer) => {
      if (received === undefined) return;
      received += chunk.toString('latin1');
      const status = finalStatus(received);
      if (status !== undefined) {
        received = undefined;
        this.#sending.delete(socket);
        ended(status.startsWith('2') ? { code: 0 } : { code: 1, error: failed(`http_${status}`) });
        socket.end();
      } else if (received.length > MAX_HEAD) socket.destroy();
    });
    socket.on('error', (error) => {
      failure = error;
    });
    socket.once('close', () => {
      clearTimeout(timer);
      this.#sending.delete(socket);
      if (received !== undefined) ended({ code: 1, error: failure ?? failed('ECONNRESET') });
    });
    socket.write(Buffer.concat([head(url, post), post.body]), (error) => {
      if (!error) this.#sending.add(socket);
    });
  }

  #connect({ protocol, hostname, port }: URL): Socket {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    if (protocol === 'http:') return process.getBuiltinModule('node:net').connect({ host, port: Number(port) || 80 });
    // Loaded here: whoever exports without TLS pays nothing for it.
    const socket = process.getBuiltinModule('node:tls').connect({
      ...this.#tls,
      host,
      port: Number(port) || 443,
      ALPNProtocols: ['http/1.1'],
      ...(isIP(host) === 0 && { servername: host }),
      ...(this.#session && { session: this.#session }),
    });
    return socket.on('session', (session) => {
      this.#session = session;
    });
  }
}

function head({ host, pathname, search }: URL, { headers, body }: OtlpPost): Buffer {
  const all = { host, ...headers, 'content-length': body.byteLength, connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
}

/** The status of a response behind those that announce it (RFC 9110, 15.2), as soon as it is there; in time that grows with what was received and no faster. */
function finalStatus(received: string): string | undefined {
  for (let from = 0; ; ) {
    const status = STATUS.exec(received.slice(from, from + 'HTTP/1.1 200'.length))?.[1];
    if (status === undefined || !status.startsWith('1')) return status;
    const end = received.indexOf('\r\n\r\n', from);
    if (end === -1) return undefined;
    from = end + 4;
  }
}

function failed(code: string): Error {
  return Object.assign(new Error(), { code });
}
