import { runtime } from '@tallyman/core';

interface Options {
  readonly ignoreIncomingRequestHook: (request: { readonly socket: { readonly server?: object } }) => boolean;
}

/**
 * instrumentation-http for traces alone: it is made before any MeterProvider is registered, so that its metrics, which would double ours, go nowhere
 * (api 1.10). A scrape of our own `/metrics` is no request to the application.
 */
export function httpInstrumentation(require: NodeJS.Require): unknown {
  const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http') as { HttpInstrumentation: new (options: Options) => unknown };
  return new HttpInstrumentation({ ignoreIncomingRequestHook: ({ socket }) => socket.server !== undefined && socket.server === runtime.requests?.own });
}
