import { httpMetrics } from '@tallyman/catalog';
import { bindMetrics, getOrInsertComputed, type Level, type RequestEnd, type RequestRecord } from '@tallyman/core';
import { activeAttributes, requestAttributes } from './attributes.ts';

type Record = (value: number) => void;

/** The recorders of ended requests that have all attributes in common. */
interface RequestSeries {
  readonly method: string;
  readonly scheme: string;
  readonly version: string;
  readonly duration: Record;
  readonly requestBodySize: Record;
  /** Bound when a size is first known. */
  responseBodySize: Record | undefined;
}

const record = bindMetrics(httpMetrics);

const inFlight = { http: new Map<string, Level>(), https: new Map<string, Level>() };

/** Recorders by template and status: one short search for each request instead of the attributes of each metric. */
const ended = new Map<string | undefined, Map<number | undefined, RequestSeries[]>>();
/** Templates that have recorders here; those of routers unknown to us might be real paths. */
const MAX_TEMPLATES = 1000;

/** How many requests like this one are in flight; Node's parser bounds the methods. */
export function requestsInFlight(request: RequestRecord): Level {
  return inFlight[request.scheme].get(request.method) ?? newLevel(request);
}

function newLevel(request: RequestRecord): Level {
  const level = record.activeRequests.level(activeAttributes(request));
  inFlight[request.scheme].set(request.method, level);
  return level;
}

/** Measures an ended request. */
export function measure(request: RequestRecord, end: RequestEnd): void {
  const { template } = request;
  const series = find(template, request, end) ?? bind(template, request, end);
  series.duration(end.durationSeconds);
  series.requestBodySize(end.requestBodyBytes);
  if (end.responseBodyBytes === undefined) return;
  series.responseBodySize ??= record.responseBodySize.bind(requestAttributes(request, end));
  series.responseBodySize(end.responseBodyBytes);
}

function find(template: string | undefined, request: RequestRecord, { statusCode }: RequestEnd): RequestSeries | undefined {
  const { method, scheme } = request;
  const { httpVersion } = request.request;
  for (const one of ended.get(template)?.get(statusCode) ?? []) if (one.method === method && one.scheme === scheme && one.version === httpVersion) return one;
  return undefined;
}

function bind(template: string | undefined, request: RequestRecord, end: RequestEnd): RequestSeries {
  const attributes = requestAttributes(request, end);
  const series: RequestSeries = {
    method: request.method,
    scheme: request.scheme,
    version: request.request.httpVersion,
    duration: record.requestDuration.bind(attributes),
    requestBodySize: record.requestBodySize.bind(attributes),
    responseBodySize: undefined,
  };
  if (ended.size >= MAX_TEMPLATES && !ended.has(template)) return series;
  const byStatus = getOrInsertComputed(ended, template, () => new Map<number | undefined, RequestSeries[]>());
  getOrInsertComputed(byStatus, end.statusCode, () => []).push(series);
  return series;
}
