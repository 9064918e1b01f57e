import * as a from './attributes.ts';
import { bodyBytes, requestSeconds } from './buckets.ts';
import { defineMetrics, optional } from './define.ts';

const sized = {
  'http.request.method': a.requestMethod,
  'url.scheme': a.urlScheme,
  'http.response.status_code': optional(a.statusCode),
  'http.route': optional(a.route),
  'network.protocol.version': optional(a.protocolVersion),
} as const;

/** The server side of HTTP, by the stable semantic conventions. */
export const httpMetrics = defineMetrics('@tallyman/http', {
  requestDuration: {
    name: 'http.server.request.duration',
    instrument: 'histogram',
    unit: 's',
    description: 'Duration of HTTP server requests.',
    meaning: 'What users of the API feel, route by route.',
    source: 'semconv',
    attributes: { ...sized, 'error.type': optional(a.errorType) },
    buckets: requestSeconds,
  },
  requestBodySize: {
    name: 'http.server.request.body.size',
    instrument: 'histogram',
    unit: 'By',
    description: 'Size of HTTP request bodies.',
    meaning: 'What is uploaded. Sudden growth costs memory, and tokens if it becomes a prompt.',
    source: 'semconv',
    attributes: sized,
    buckets: bodyBytes,
  },
  responseBodySize: {
    name: 'http.server.response.body.size',
    instrument: 'histogram',
    unit: 'By',
    description: 'Size of HTTP response bodies.',
    meaning: 'What is sent.',
    source: 'semconv',
    attributes: sized,
    buckets: bodyBytes,
  },
  activeRequests: {
    name: 'http.server.active_requests',
    instrument: 'updowncounter',
    unit: '{request}',
    description: 'HTTP server requests in flight.',
    meaning: 'Requests that pile up before they show in durations.',
    source: 'semconv',
    attributes: { 'http.request.method': a.requestMethod, 'url.scheme': a.urlScheme },
  },
});
