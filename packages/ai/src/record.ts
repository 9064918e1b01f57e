import type { aiMetrics } from '@tallyman/catalog';
import { channels, type EventAttribution, inBatches, safely } from '@tallyman/core';
import { type CallKind, callKind, record } from './kind.ts';
import { type Cost, priceCall } from './pricing/index.ts';
import { type BilledUsage, NO_TOKENS, type TokenSplit } from './usage.ts';

/** What kind of call; the closed set of `gen_ai.operation.name`. */
export type AiOperation = (typeof aiMetrics.calls.attributes)['gen_ai.operation.name']['values'][number];

/** How a call ended. */
export type AiOutcome = (typeof aiMetrics.calls.attributes)['outcome']['values'][number];

/** Attributes that the durations of a call share. */
export interface TimedAttributes {
  readonly 'gen_ai.operation.name': AiOperation;
  readonly 'gen_ai.provider.name': string;
  readonly 'gen_ai.request.model': string;
  readonly 'gen_ai.response.model': string | undefined;
  readonly 'server.address': string | undefined;
}

/** A call that has ended. */
export interface EndedCall {
  readonly attributes: TimedAttributes;
  /** Not the attribution itself: that would keep a whole request in memory while the call waits to be recorded. */
  readonly cause: EventAttribution;
  readonly outcome: AiOutcome;
  readonly errorType: string | undefined;
  readonly streamed: boolean;
  readonly durationSeconds: number;
  readonly usage: BilledUsage | undefined;
  readonly images: number;
  readonly webSearches: number;
  readonly serviceTier: string | undefined;
  readonly reportedUsd: number | undefined;
}

/** Records an ended call and publishes it; see `inBatches`. */
export const recordCall: (call: EndedCall) => void = inBatches(channels.aiCall, 'ai.batch', recordNow);

function recordNow(call: EndedCall, hasWaited: boolean): void {
  const { attributes, outcome, durationSeconds, errorType } = call;
  const kind = callKind(attributes, call.cause.feature);
  (errorType === undefined ? kind.duration : kind.failure(errorType))(durationSeconds);
  kind.calls[outcome](1);
  recordTokens(call.usage, kind);
  const cost = safely('ai.price', costOf, call);
  if (cost !== undefined) recordCost(cost, kind);
  recordGaps(call, cost);
  channels.aiCall[hasWaited ? 'tell' : 'publish'](() => ({
    ...call.cause,
    operation: attributes['gen_ai.operation.name'],
    provider: attributes['gen_ai.provider.name'],
    requestModel: attributes['gen_ai.request.model'],
    responseModel: attributes['gen_ai.response.model'],
    outcome,
    errorType,
    streamed: call.streamed,
    durationSeconds,
    usage: call.usage && tokens(call.usage),
    images: call.images,
    costUsd: cost?.usd,
    costSource: cost?.source,
  }));
}

/** The conventions want counters from every call, so one without usage adds 0 of modality `unknown`; embeddings have input only. */
function recordTokens(usage: BilledUsage | undefined, kind: CallKind): void {
  recordSplit(usage?.inputSplit, kind.input);
  if (kind.isEmbedding) return;
  recordSplit(usage?.outputSplit, kind.output);
  kind.cacheRead(usage?.cacheRead ?? 0);
  kind.cacheWrite(usage?.cacheWrite ?? 0);
  kind.reasoning(usage?.reasoning ?? 0);
}

function recordSplit({ text, audio, image, unknown }: TokenSplit = NO_TOKENS, counters: CallKind['input']): void {
  if (text !== 0) counters.text(text);
  if (audio !== 0) counters.audio(audio);
  if (image !== 0) counters.image(image);
  if (unknown !== 0 || text + audio + image === 0) counters.unknown(unknown);
}

function recordCost({ source, parts }: Cost, kind: CallKind): void {
  const counters = kind.costs(source);
  for (const [component, usd] of parts) counters[component](usd);
}

/** A failed call without usage is not billed. */
function costOf(call: EndedCall): Cost | undefined {
  if (call.usage === undefined && call.outcome !== 'ok') return undefined;
  const { attributes } = call;
  return priceCall({
    provider: attributes['gen_ai.provider.name'],
    requestModel: attributes['gen_ai.request.model'],
    responseModel: attributes['gen_ai.response.model'],
    usage: call.usage,
    images: call.images,
    webSearches: call.webSearches,
    serviceTier: call.serviceTier,
    reportedUsd: call.reportedUsd,
  });
}

/** Counts what the numbers lack: dollars of a call that used something, or the usage of one that succeeded or was aborted, which is billed as well. Moderation is free and reports none. */
function recordGaps({ attributes, outcome, usage, images }: EndedCall, cost: Cost | undefined): void {
  if (cost !== undefined || attributes['gen_ai.operation.name'] === 'moderation') return;
  const labels = { 'gen_ai.provider.name': attributes['gen_ai.provider.name'], 'gen_ai.request.model': attributes['gen_ai.request.model'] };
  const used = images > 0 || (usage !== undefined && usage.input + usage.output > 0);
  if (used) record.unpricedCalls(1, labels);
  else if (outcome !== 'error' && usage === undefined) record.unmeteredCalls(1, labels);
}

function tokens({ input, output, cacheRead, cacheWrite, reasoning }: BilledUsage) {
  return { input, output, cacheRead, cacheWrite, reasoning };
}
