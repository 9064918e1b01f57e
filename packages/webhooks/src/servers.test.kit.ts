import { createServer } from 'node:http';
import { listening, type StartServer } from '@tallyman/testkit/conformance/webhooks';
import express, { type Request } from 'express';
import fastify from 'fastify';

/** The servers that applications receive webhooks with, each as its documentation says that the raw body is kept. */
export const servers: Readonly<Record<string, StartServer>> = {
  'express.raw': (handler) => {
    const app = express();
    app.post('/webhook', express.raw({ type: 'application/json' }), async (request, response) => {
      response.sendStatus(await handler({ body: request.body, headers: request.headers }));
    });
    return listening(createServer(app));
  },
  'express.json with verify': (handler) => {
    const app = express();
    const rawBodies = new WeakMap<object, Buffer>();
    app.use(express.json({ verify: (request, _response, body) => void rawBodies.set(request, body) }));
    app.post('/webhook', async (request: Request, response) => {
      response.sendStatus(await handler({ body: rawBodies.get(request) ?? '', headers: request.headers }));
    });
    return listening(createServer(app));
  },
  fastify: async (handler) => {
    const app = fastify();
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.post('/webhook', async (request, reply) => {
      reply.code(await handler({ body: request.body as Buffer, headers: request.headers }));
      return '';
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    return app.server;
  },
};
