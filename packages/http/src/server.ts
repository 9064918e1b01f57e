import { onRequestEnd, onRequestStart, type RequestRecord, runtime, shared } from '@tallyman/core';
import './configuration.ts';
import { activeRequests, measure } from './series.ts';

/** Measures the requests that this process serves, unless `http` is `false` in the configuration; once, however often it is called. */
export function startHttp(): void {
  const { http } = runtime.configuration;
  const state = shared('http', () => ({ isStarted: false }));
  if (http === false || state.isStarted) return;
  state.isStarted = true;
  const ignoredPaths = new Set(http?.ignorePaths);
  // Frameworks rewrite `request.url`, so what is ignored is decided at the start.
  const ignored = new WeakSet<RequestRecord>();
  onRequestStart((request) => {
    if (ignoredPaths.size > 0 && ignoredPaths.has(pathOf(request.request.url))) ignored.add(request);
    else activeRequests(request)(1);
  });
  onRequestEnd((request, end) => {
    if (ignoredPaths.size > 0 && ignored.has(request)) return;
    activeRequests(request)(-1);
    measure(request, end);
  });
}

function pathOf(url = ''): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
