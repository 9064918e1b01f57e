import { runtime } from '@tallyman/core';

interface HttpInstrumentation {
  setMeterProvider(provider: object): void;
}

interface Options {
  readonly ignoreIncomingRequestHook: (request: { readonly socket: { readonly server?: object } }) => boolean;
}

/** instrumentation-http for traces alone: its metrics would double ours wherever a MeterProvider is registered, and a scrape is no request to the application. */
export function httpInstrumentation(require: NodeJS.Require): unknown {
  const { createNoopMeter } = require('@opentelemetry/api') as { createNoopMeter: () => unknown };
  const { HttpInstrumentation: Http } = require('@opentelemetry/instrumentation-http') as {
    HttpInstrumentation: new (options: Options) => HttpInstrumentation;
  };
  const instrumentation = new Http({ ignoreIncomingRequestHook: ({ socket }) => socket.server !== undefined && socket.server === runtime.requests?.own });
  instrumentation.setMeterProvider({ getMeter: createNoopMeter });
  instrumentation.setMeterProvider = () => undefined;
  return instrumentation;
}
