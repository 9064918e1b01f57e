import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { httpMetrics } from '@tallyman/catalog';
import { currentRequest, installHook, mountPaths, onRequestEnd } from '@tallyman/core';
import type { Recorded } from '@tallyman/testkit';
import type { Express, Router } from 'express';
import { beforeAll, describe, expect, test } from 'vitest';
import { startHttp } from '../index.ts';
import { measured, send, serve } from '../serving.test.kit.ts';
import { adapter } from './index.ts';
import { rememberMountPaths } from './patch.ts';

const require = createRequire(import.meta.url);
let express: (() => Express) & { Router(options?: object): Router; json(): never };
let routes: (string | undefined)[] = [];

beforeAll(() => {
  installHook([adapter]);
  startHttp();
  express = require('express');
  onRequestEnd(({ route }) => void routes.push(route));
});

async function visit(app: Express, paths: readonly string[], method = 'GET'): Promise<Recorded> {
  const url = await serve(app as RequestListener);
  routes = [];
  return measured(paths.length, async () => {
    for (const path of paths) await send(url + path, { method });
  });
}

/** A router with routes of its own and a router within it. */
function users(): Router {
  const router = express.Router();
  const posts = express.Router({ mergeParams: true });
  posts.get('/', (_request, response) => void response.send('posts'));
  router.get('/', (_request, response) => void response.send('users'));
  router.get('/:id', (_request, response) => void response.send('user'));
  router.get('/:id/broken', () => {
    throw new Error('broken');
  });
  router.use('/:id/posts', posts);
  return router;
}

/** An application that answers its own errors. */
function application(): Express {
  const app = express();
  app.set('env', 'test');
  return app;
}

describe('the route of Express', () => {
  test('is the template, with the status, as an attribute of the metrics', async () => {
    const app = application();
    app.post('/api/match/:id', (_request, response) => void response.status(201).json({}));
    const recorded = await visit(app, ['/api/match/42'], 'POST');
    expect(recorded.series(httpMetrics.requestDuration)).toMatchObject([
      { attributes: { 'http.route': '/api/match/:id', 'http.request.method': 'POST', 'http.response.status_code': 201 }, count: 1 },
    ]);
    expect(recorded.series(httpMetrics.responseBodySize)).toMatchObject([{ attributes: { 'http.route': '/api/match/:id' }, value: 2 }]);
    expect(routes).toEqual(['POST /api/match/:id']);
  });

  test('includes where its routers are mounted, as it was written, whatever the case and the ids of the path', async () => {
    const app = application();
    app.use('/api/users', users());
    app.use('/orgs/:org/members', users());
    await visit(app, ['/api/users', '/api/users/', '/API/Users/7', '/api/users/7/posts', '/orgs/acme/members/7', '/orgs/acme/members/7/posts']);
    expect(routes).toEqual([
      'GET /api/users',
      'GET /api/users',
      'GET /api/users/:id',
      'GET /api/users/:id/posts',
      'GET /orgs/:org/members/:id',
      'GET /orgs/:org/members/:id/posts',
    ]);
  });

  test('is right for a router in two places, for lists of paths, and in an application within another', async () => {
    const app = application();
    const shared = users();
    const inner = application();
    inner.get('/s/:id', (_request, response) => void response.send('inner'));
    app.use('/a', shared);
    app.use('/b/:x', shared);
    app.use('/inner', inner);
    app.get(['/one', '/two/:id'], (_request, response) => void response.send('list'));
    await visit(app, ['/a/1', '/b/2/1', '/a/1', '/inner/s/1', '/one', '/two/3']);
    expect(routes).toEqual(['GET /a/:id', 'GET /b/:x/:id', 'GET /a/:id', 'GET /inner/s/:id', 'GET /one', 'GET /two/:id']);
  });

  test('is kept when the handler throws', async () => {
    const app = application();
    app.use('/api/users', users());
    const recorded = await visit(app, ['/api/users/7/broken']);
    expect(routes).toEqual(['GET /api/users/:id/broken']);
    expect(recorded.series(httpMetrics.requestDuration)).toMatchObject([
      { attributes: { 'http.response.status_code': 500, 'error.type': '500', 'http.route': '/api/users/:id/broken' } },
    ]);
  });

  test('is absent where none matched, and for a regular expression', async () => {
    const app = application();
    app.get('/known', (_request, response) => void response.send('x'));
    app.get(/^\/file\d+/, (_request, response) => void response.send('x'));
    app.use((_request, _response, next) => next());
    const recorded = await visit(app, ['/nowhere/17', '/file17']);
    expect(routes).toEqual([undefined, undefined]);
    expect(recorded.series(httpMetrics.requestDuration).map(({ attributes }) => attributes['http.route'])).toEqual([undefined, undefined]);
  });

  test('is never a part of the real path: routes of routers that are called by hand are not known', async () => {
    const app = application();
    const router = users();
    app.use('/plain', (request, response, next) => router(request, response, next));
    app.use('/accounts/:account', (request, response, next) => router(request, response, next));
    await visit(app, ['/plain/1', '/accounts/alice/1']);
    expect(routes).toEqual([undefined, undefined]);
  });

  test('and the request are known inside a handler, also behind a body parser', async () => {
    const app = application();
    const seen: unknown[] = [];
    app.use(express.json());
    app.post('/api/:id', async (_request, response) => {
      await null;
      seen.push(currentRequest()?.route);
      response.send('x');
    });
    const url = await serve(app as RequestListener);
    const options = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"a":1}' };
    await Promise.all([1, 2, 3].map((id) => send(`${url}/api/${id}`, options)));
    expect(seen).toEqual(Array(3).fill('POST /api/:id'));
  });
});

test('a patched router keeps the path that each of its layers is mounted under, and behaves as before', () => {
  const { use } = Object.getPrototypeOf(express.Router()) as { use: { name: string; length: number } };
  const router = express.Router() as unknown as { use(...args: unknown[]): unknown; stack: object[] };
  rememberMountPaths(router);
  const handler = (): void => {};
  expect(router.use('/a/:id', handler, [handler])).toBe(router);
  router.use([[handler]]);
  router.use(['/b', '/c'], handler);
  expect(router.stack.map((layer) => mountPaths.get(layer))).toEqual(['/a/:id', '/a/:id', '/', ['/b', '/c']]);
  expect([router.use.name, router.use.length]).toEqual([use.name, use.length]);
  expect(() => router.use()).toThrow('handler');
});
