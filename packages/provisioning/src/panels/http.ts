import * as units from '@grafana/grafana-foundation-sdk/units';
import { httpMetrics } from '@tallyman/catalog';
import { lines } from '../grafana/index.ts';
import { matching, named, quantile, rate, ratio, sum, times } from '../promql/index.ts';

const by = ['http.route'] as const;
const noValue = 'no HTTP request in this range';
const unmatched = '(no route)';
const requests = rate(httpMetrics.requestDuration, { by });

/** Traffic. */
export const httpRequests = lines({
  title: 'HTTP requests, by route',
  about: 'Requests per minute.',
  unit: units.RequestsPerMinute,
  noValue,
  stacked: true,
  queries: [{ expression: named(times(60, requests), 'http.route', unmatched) }],
});

/** Share of answers that say that the server failed. */
export const httpErrorShare = lines({
  title: 'HTTP 5xx answers, share by route',
  about: 'Failures of the server; what clients did wrong (4xx) is not in it.',
  unit: units.PercentUnit,
  noValue,
  max: 1,
  queries: [
    {
      expression: named(
        ratio(rate(httpMetrics.requestDuration, { by, where: { 'http.response.status_code': matching('5..') } }), requests),
        'http.route',
        unmatched,
      ),
    },
  ],
});

/** How long requests take. */
export const httpDuration = lines({
  title: 'HTTP requests: duration, p95 by route',
  about: '19 of 20 requests are answered sooner.',
  unit: units.Seconds,
  noValue,
  queries: [{ expression: named(quantile(httpMetrics.requestDuration, 0.95, { by }), 'http.route', unmatched) }],
});

/** Requests that wait for their answer. */
export const httpInFlight = lines({
  title: 'HTTP requests in flight',
  about: 'All processes together.',
  unit: units.Short,
  noValue,
  queries: [{ expression: sum(httpMetrics.activeRequests, { by: ['service'] }) }],
});
