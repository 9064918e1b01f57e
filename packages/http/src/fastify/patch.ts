import type { IncomingMessage } from 'node:http';
import { requestRecord, safely } from '@tallyman/core';

/** The part of a Fastify request that tells its route. */
interface FastifyRequest {
  readonly raw: IncomingMessage;
  readonly routeOptions?: { readonly url?: string | undefined };
}

type OnRequest = (request: FastifyRequest, reply: unknown, done: () => void) => void;

/** Adds to a new instance the first `onRequest` hook, so that the route is also known of requests that a later hook or the validation refuses. */
export function noteRoutes(message: unknown): void {
  const { fastify } = message as { readonly fastify: { addHook(name: 'onRequest', hook: OnRequest): unknown } };
  fastify.addHook('onRequest', (request, _reply, done) => {
    safely('fastify.request', () => noteRoute(request));
    done();
  });
}

function noteRoute(request: FastifyRequest): void {
  const record = requestRecord(request.raw);
  if (record !== undefined) record.matchedTemplate = request.routeOptions?.url;
}
