import { createRequire } from 'node:module';
import { installHook } from '@tallyman/core';
import { beforeAll, expect, it } from 'vitest';
import { startHttp } from '../server.ts';
import { routesOf, serve } from '../serving.test.kit.ts';
import { adapter } from './index.ts';

type Handler = import('express').RequestHandler;

let express: typeof import('express');
const answer: Handler = (_request, response) => void response.send('fine');

beforeAll(() => {
  installHook([adapter]);
  startHttp();
  express = createRequire(import.meta.url)('express') as typeof express;
});

it.each([
  ['a router at several paths', ['/a', '/b/:x'], '/c/:id', { '/a/c/3': '200 /a/c/:id', '/b/77/c/3': '200 /b/:x/c/:id' }],
  ['a route with several paths', '/', ['/x/:id', '/y/:id'], { '/x/1': '200 /x/:id', '/y/1?page=2': '200 /y/:id' }],
  ['a wildcard', '/files', '/*path', { '/files/a/b/c': '200 /files/*path' }],
  ['an optional part', '/', '/docs{/:page}', { '/docs': '200 /docs{/:page}', '/docs/8': '200 /docs{/:page}' }],
  ['a mounted router that has no such route', '/api', '/users/:id', { '/api/none/5': '404' }],
])('knows the template of %s', async (_title, mount, path, expected) => {
  const app = express();
  app.use(mount, express.Router().get(path, answer));
  const url = await serve(app as import('node:http').RequestListener);
  expect(await routesOf(url, Object.keys(expected))).toEqual(expected);
});

it('takes the route that ended the request, after routes that passed it on', async () => {
  const app = express();
  app.all('/orders/*rest', (_request, _response, next) => next());
  app.get('/orders/:id', answer);
  const url = await serve(app as import('node:http').RequestListener);
  expect(await routesOf(url, ['/orders/5'])).toEqual({ '/orders/5': '200 /orders/:id' });
});
