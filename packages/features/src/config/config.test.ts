import * as v from 'valibot';
import { expect, test } from 'vitest';
import { featuresConfiguration } from './index.ts';

test('features with routes, jobs and a version are valid', () => {
  const features = { parse: { routes: ['POST /api/cv/:id', 'PUT /api/cv'], jobs: ['cv-queue/parse', 'cv-queue'], version: 'v2' }, search: {} };
  expect(v.parse(featuresConfiguration, features)).toEqual(features);
});

test.each([
  ['a route without a method', { parse: { routes: ['/api/cv'] } }, 'METHOD /template'],
  ['a method in lower case', { parse: { routes: ['post /api/cv'] } }, 'METHOD /template'],
  ['a job without a name', { parse: { jobs: [''] } }, 'must not be empty'],
  ['a feature without a name', { '': {} }, 'must not be empty'],
  ['a name too long for a label', { ['x'.repeat(101)]: {} }, 'longer than 100'],
  ['a misspelt key', { parse: { route: [] } }, 'route'],
  ['a route of two features', { a: { routes: ['GET /x'] }, b: { routes: ['GET /x'] } }, 'GET /x (a and b)'],
  ['a job of two features', { a: { jobs: ['q/t'] }, b: { jobs: ['q/t'] } }, 'q/t (a and b)'],
])('%s is refused', (_title, features, message) => {
  const { success, issues } = v.safeParse(featuresConfiguration, features);
  expect(success).toBe(false);
  expect(issues?.[0].message).toContain(message);
});
