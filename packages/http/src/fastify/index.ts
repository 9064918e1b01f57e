import type { Adapter } from '@tallyman/core';
import { noteRoutes } from './patch.ts';

/** Fastify 4 and 5, which announces each instance on a channel: no module is patched. */
export const adapter: Adapter = {
  name: 'fastify',
  rows: [],
  announced: [{ module: 'fastify', versions: { from: '4.0.0', below: '6.0.0' } }],
  announcements: { channel: 'fastify.initialization', handle: noteRoutes },
};
