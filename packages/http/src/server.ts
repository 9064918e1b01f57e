import { onRequestEnd, onRequestStart, runtime, shared } from '@tallyman/core';
import type { HttpConfiguration } from './configuration.ts';
import { measure, requestsInFlight } from './series.ts';

/** Measures the requests that this process serves, unless `http` is `false` in the configuration; once, however often it is called. */
export function startHttp(): void {
  const { http } = runtime.configuration;
  const state = shared('http', () => ({ isStarted: false }));
  if (http === false || state.isStarted) return;
  state.isStarted = true;
  let known: HttpConfiguration | undefined;
  let ignoredPaths: ReadonlySet<string> = new Set();
  onRequestStart((request) => {
    const current = runtime.configuration.http || undefined;
    if (current !== known) {
      known = current;
      ignoredPaths = new Set(current?.ignorePaths);
    }
    // Frameworks rewrite `request.url`, so what is ignored is decided here.
    if (ignoredPaths.size > 0 && ignoredPaths.has(pathOf(request.request.url))) return;
    request.inFlight = requestsInFlight(request);
    request.inFlight.value += 1;
  });
  onRequestEnd((request, end) => {
    if (request.inFlight === undefined) return;
    request.inFlight.value -= 1;
    request.inFlight = undefined;
    measure(request, end);
  });
}

function pathOf(url = ''): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
