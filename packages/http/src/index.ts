import type { Adapter } from '@tallyman/core';
import { adapter as express } from './express/index.ts';
import { adapter as fastify } from './fastify/index.ts';

export type { HttpConfiguration } from './configuration.ts';
export { startHttp } from './server.ts';

/** The frameworks whose routes are known, one for each folder. */
export const adapters: readonly Adapter[] = [express, fastify];
