import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ANSWER_HEADER, DEFAULT_CHUNKS, type ProviderAnswer } from './answer.ts';
import { chatChunks, chatCompletion, embeddings, images, type ProviderRequest, responseBody, responseEvents } from './bodies.ts';

/** A local server that speaks the wire formats of OpenAI: chat completions, responses, embeddings, images, speech, moderations. */
export interface OpenAIProvider {
  /** Base URL for a client, ending in `/v1`. */
  readonly url: string;
  /** Paths of the requests so far, attempts counted singly. */
  readonly requests: readonly string[];
  /** Queues the answer to the next request that does not ask for one in its header. */
  next(answer: ProviderAnswer): void;
  stop(): Promise<void>;
}

/** Starts the provider on a free loopback port; `usual` is what its answers have unless they say otherwise. */
export async function startOpenAIProvider(usual: ProviderAnswer = {}): Promise<OpenAIProvider> {
  const requests: string[] = [];
  const queued: ProviderAnswer[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const header = request.headers[ANSWER_HEADER];
    const answer: ProviderAnswer = { ...usual, ...(typeof header === 'string' ? JSON.parse(header) : queued.shift()) };
    respond(request, response, answer).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    next: (answer) => void queued.push(answer),
    stop: () => stop(server),
  };
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function respond(request: IncomingMessage, response: ServerResponse, answer: ProviderAnswer): Promise<void> {
  const body = await readBody(request);
  if (answer.hang) return;
  const attempt = Number(request.headers['x-stainless-retry-count'] ?? 0);
  if (answer.body === undefined && answer.status !== undefined && answer.status >= 400 && attempt < (answer.failures ?? Number.POSITIVE_INFINITY)) {
    const error = { message: 'The provider refuses.', type: 'provider_error', param: null, code: answer.code ?? null };
    sendJson(response, answer.status, { error }, { 'retry-after-ms': '1' });
    return;
  }
  if (answer.body !== undefined) {
    response.writeHead(answer.status ?? 200, { 'content-type': answer.contentType ?? 'application/json' }).end(answer.body);
    return;
  }
  await route(request.url ?? '', readRequest(body), response, answer);
}

/** By the end of the path, so that Azure's deployments and gateways' prefixes arrive too. */
async function route(url: string, request: ProviderRequest, response: ServerResponse, answer: ProviderAnswer): Promise<void> {
  const path = url.split('?', 1)[0] ?? '';
  const contents = answer.chunks ?? DEFAULT_CHUNKS;
  if (path.endsWith('/chat/completions')) {
    if (request.stream) await sendEvents(response, chatChunks(request, answer, contents), answer, true);
    else sendJson(response, 200, chatCompletion(request, answer));
  } else if (path.endsWith('/responses')) {
    if (request.stream) await sendEvents(response, responseEvents(request, answer, contents), answer, false);
    else sendJson(response, 200, responseBody(request, answer, 'completed'));
  } else if (path.endsWith('/embeddings')) sendJson(response, 200, embeddings(request, answer));
  else if (path.includes('/images/')) sendJson(response, 200, images(request, answer));
  else if (path.endsWith('/audio/speech')) response.writeHead(200, { 'content-type': 'audio/mpeg' }).end('sound');
  else if (path.endsWith('/moderations')) sendJson(response, 200, { id: 'modr-1', model: request.model, results: [] });
  else sendJson(response, 404, { error: { message: 'Unknown path.', type: 'invalid_request_error', param: null, code: 'unknown_url' } });
}

async function sendEvents(response: ServerResponse, events: Iterable<object & { readonly type?: string }>, answer: ProviderAnswer, endsWithDone: boolean) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let sent = 0;
  for (const event of events) {
    if (sent === answer.holdAfter) return;
    if (sent === answer.cutAfter) {
      // What was sent must arrive before the cut.
      await new Promise((resolve) => response.write('', resolve));
      response.destroy();
      return;
    }
    const name = event.type === undefined ? '' : `event: ${event.type}\n`;
    if (!response.write(`${name}data: ${JSON.stringify(event)}\n\n`)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    if (response.destroyed) return;
    if (answer.interval !== undefined) await delay(answer.interval);
    sent += 1;
  }
  response.end(endsWithDone ? 'data: [DONE]\n\n' : '');
}

function sendJson(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_1', ...headers }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** A form, as image edits send it, is taken for a request without fields. */
function readRequest(body: string): ProviderRequest {
  const fields = body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : {};
  const { model, stream, stream_options: options, encoding_format: encodingFormat, input } = fields;
  return {
    model: typeof model === 'string' ? model : 'unknown',
    stream: stream === true,
    includeUsage: (options as { include_usage?: unknown } | undefined)?.include_usage === true,
    encodingFormat: typeof encodingFormat === 'string' ? encodingFormat : undefined,
    inputs: Array.isArray(input) ? input.length : 1,
  };
}
