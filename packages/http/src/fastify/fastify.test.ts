import { httpMetrics } from '@tallyman/catalog';
import { currentRequest, installHook, onRequestEnd } from '@tallyman/core';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHttp } from '../index.ts';
import { measured, send } from '../serving.test.kit.ts';
import { adapter } from './index.ts';

let app: FastifyInstance;
let seen: unknown;

beforeAll(async () => {
  installHook([adapter]);
  startHttp();
  app = fastify();
  app.get('/users/:id', async () => ({ id: 1 }));
  app.register(
    async (scope) => {
      scope.addHook('onRequest', async (request) => {
        if (request.headers.authorization === undefined) throw Object.assign(new Error('who?'), { statusCode: 401 });
      });
      scope.post('/match/:id', { schema: { body: { type: 'object', required: ['cv'] } } }, async () => {
        await null;
        seen = currentRequest()?.route;
        return 'matched';
      });
      scope.get('/broken', async () => {
        throw new Error('broken');
      });
    },
    { prefix: '/api' },
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
});

afterAll(() => app.close());

const known = { authorization: 'x', 'content-type': 'application/json' };
const cases: [string, string, RequestInit, string | undefined, number][] = [
  ['a route', '/users/7', {}, 'GET /users/:id', 200],
  ['HEAD', '/users/7', { method: 'HEAD' }, 'HEAD /users/:id', 200],
  ['a route of a plugin', '/api/match/7', { method: 'POST', headers: known, body: '{"cv":1}' }, 'POST /api/match/:id', 200],
  ['what a hook refuses', '/api/broken', {}, 'GET /api/broken', 401],
  ['what the validation refuses', '/api/match/7', { method: 'POST', headers: known, body: '{}' }, 'POST /api/match/:id', 400],
  ['what cannot be parsed', '/api/match/7', { method: 'POST', headers: known, body: '{' }, 'POST /api/match/:id', 400],
  ['a handler that throws', '/api/broken', { headers: known }, 'GET /api/broken', 500],
  ['no route', '/nowhere/7', {}, undefined, 404],
];

test.each(cases)('%s has its template', async (_title, path, options, route, status) => {
  const routes: unknown[] = [];
  const stop = onRequestEnd((record) => void routes.push(record.route));
  const { port } = app.server.address() as { port: number };
  const recorded = await measured(1, () => send(`http://127.0.0.1:${port}${path}`, options));
  stop();
  expect(routes).toEqual([route]);
  const { attributes } = recorded.series(httpMetrics.requestDuration)[0] ?? {};
  expect([attributes?.['http.route'], attributes?.['http.response.status_code']]).toEqual([route?.split(' ')[1], status]);
});

test('the route is known inside a handler', () => {
  expect(seen).toBe('POST /api/match/:id');
});
