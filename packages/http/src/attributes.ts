import type { AttributesOf, httpMetrics } from '@tallyman/catalog';
import type { RequestEnd, RequestRecord } from '@tallyman/core';

/** What `http.server.active_requests` is counted by. */
export type ActiveAttributes = AttributesOf<typeof httpMetrics.activeRequests>;

/** What the duration of a request is measured by; the sizes leave `error.type` out. */
export type RequestAttributes = AttributesOf<typeof httpMetrics.requestDuration>;

type Method = ActiveAttributes['http.request.method'];

const METHODS: ReadonlySet<string> = new Set<Method>(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE']);

/** What is known of a request from its start. */
export function activeAttributes({ method, scheme }: RequestRecord): ActiveAttributes {
  return { 'http.request.method': METHODS.has(method) ? (method as Method) : '_OTHER', 'url.scheme': scheme };
}

/** What is known of a request at its end (semantic conventions for HTTP: an error is a 5xx, or a connection that closed before the response). */
export function requestAttributes(record: RequestRecord, { statusCode }: RequestEnd): RequestAttributes {
  return {
    ...activeAttributes(record),
    'http.response.status_code': statusCode,
    'http.route': record.template,
    'network.protocol.version': record.request.httpVersion,
    'error.type': statusCode === undefined ? 'aborted' : statusCode >= 500 ? String(statusCode) : undefined,
  };
}
