import { type Adapter, defineInstrumentation } from '@tallyman/core';
import { httpConfiguration } from './config/index.ts';
import { adapter as express } from './express/index.ts';
import { adapter as fastify } from './fastify/index.ts';
import { startHttp } from './server.ts';

export type { HttpConfiguration } from './configuration.ts';
export { startHttp };

/** The frameworks whose routes are known, one for each folder. */
export const adapters: readonly Adapter[] = [express, fastify];

/** HTTP servers for an OpenTelemetry SDK of the application's own: `new NodeSDK({ instrumentations: [new HttpServerInstrumentation()] })`. */
export const HttpServerInstrumentation = /* @__PURE__ */ defineInstrumentation({
  name: '@tallyman/http',
  part: 'http',
  schema: httpConfiguration,
  adapters,
  start: startHttp,
});
