import { subscribe } from 'node:diagnostics_channel';
import { type Adapter, safely } from '@tallyman/core';
import { noteRoutes } from './patch.ts';

/** Fastify 4 and 5, which announces each instance on a channel: no module is patched. */
export const adapter: Adapter = {
  name: 'fastify',
  rows: [],
  start: () => subscribe('fastify.initialization', (message) => void safely('fastify.initialization', () => noteRoutes(message))),
};
