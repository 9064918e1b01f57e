import type { Adapter } from '@tallyman/core';
import { rememberMountPaths } from './patch.ts';

/** Express 4 and 5: the paths that routers are mounted under. From `router` 2.3 on the router keeps them itself, and the patch finds nothing to do. */
export const adapter: Adapter = {
  name: 'express',
  announced: [{ module: 'express', versions: { from: '5.0.0', below: '6.0.0' } }],
  rows: [
    {
      module: 'router',
      versions: { from: '2.0.0', below: '3.0.0' },
      files: ['index.js'],
      binding: 'Router',
      how: 'prototype',
      patch: (Router: { readonly prototype: object }) => rememberMountPaths(Router.prototype),
    },
    {
      module: 'express',
      versions: { from: '4.0.0', below: '5.0.0' },
      files: ['lib/router/index.js'],
      binding: 'proto',
      how: 'prototype',
      patch: rememberMountPaths,
    },
  ],
};
