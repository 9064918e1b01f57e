import { onRequestEnd, onRequestStart, type RequestRecord, runtime, shared } from '@tallyman/core';
import type { HttpConfiguration } from './configuration.ts';
import { activeRequests, measure } from './series.ts';

const SCOPE = '@tallyman/http';

/** Measures the requests that this process serves, unless `http` is `false` in the configuration; once, however often it is called. */
export function startHttp(): void {
  const { http } = runtime.configuration;
  const state = shared('http', () => ({ isStarted: false }));
  if (http === false || state.isStarted) return;
  state.isStarted = true;
  let known: HttpConfiguration | undefined;
  let ignoredPaths: ReadonlySet<string> = new Set();
  // Frameworks rewrite `request.url`, so what is ignored is decided at the start.
  const ignored = new WeakSet<RequestRecord>();
  let hasIgnored = false;
  onRequestStart((request) => {
    const current = runtime.configuration.http || undefined;
    if (current !== known) {
      known = current;
      ignoredPaths = new Set(current?.ignorePaths);
    }
    if (ignoredPaths.size > 0 && ignoredPaths.has(pathOf(request.request.url))) {
      ignored.add(request);
      hasIgnored = true;
    } else activeRequests(request)(1);
  });
  onRequestEnd((request, end) => {
    if (hasIgnored && ignored.has(request)) return;
    activeRequests(request)(-1);
    if (!runtime.registry.isPaused(SCOPE)) measure(request, end);
  });
}

function pathOf(url = ''): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
