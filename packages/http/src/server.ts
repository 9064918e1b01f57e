import { httpMetrics } from '@tallyman/catalog';
import { bindMetrics, onRequestEnd, onRequestStart, type RequestRecord, runtime, shared } from '@tallyman/core';
import { activeAttributes, requestAttributes } from './attributes.ts';
import './configuration.ts';

/** Measures the requests that this process serves, unless `http` is `false` in the configuration; once, however often it is called. */
export function startHttp(): void {
  const { http } = runtime.configuration;
  const state = shared('http', () => ({ isStarted: false }));
  if (http === false || state.isStarted) return;
  state.isStarted = true;
  const record = bindMetrics(httpMetrics);
  const ignoredPaths = new Set(http?.ignorePaths);
  // Frameworks rewrite `request.url`, so what is ignored is decided at the start.
  const ignored = new WeakSet<RequestRecord>();
  onRequestStart((request) => {
    if (ignoredPaths.size > 0 && ignoredPaths.has(pathOf(request.request.url))) ignored.add(request);
    else record.activeRequests(1, activeAttributes(request));
  });
  onRequestEnd((request, end) => {
    if (ignoredPaths.size > 0 && ignored.has(request)) return;
    const attributes = requestAttributes(request, end);
    record.activeRequests(-1, attributes);
    record.requestDuration(end.durationSeconds, attributes);
    record.requestBodySize(end.requestBodyBytes, attributes);
    if (end.responseBodyBytes !== undefined) record.responseBodySize(end.responseBodyBytes, attributes);
  });
}

function pathOf(url = ''): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
