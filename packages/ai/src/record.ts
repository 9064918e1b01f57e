import type { aiMetrics } from '@tallyman/catalog';
import { channels, type EventAttribution, inBatches, safely } from '@tallyman/core';
import { type CallKind, callKind, record } from './kind.ts';
import { type Cost, priceCall } from './pricing/index.ts';
import { type BilledUsage, billedUsage, type CallUsage, NO_TOKENS, type TokenSplit } from './usage.ts';

/** What kind of call; the closed set of `gen_ai.operation.name`. */
export type AiOperation = (typeof aiMetrics.calls.attributes)['gen_ai.operation.name']['values'][number];

/** How a call ended. */
export type AiOutcome = (typeof aiMetrics.calls.attributes)['outcome']['values'][number];

/** What is asked of whom, and which model answers. */
export interface Inference {
  readonly operation: AiOperation;
  readonly provider: string;
  readonly requestModel: string;
  /** The model that answered. */
  readonly responseModel: string | undefined;
  readonly serverAddress: string | undefined;
}

/** A call that has ended. */
export interface EndedCall extends Inference {
  /** Not the attribution itself: that would keep a whole request in memory while the call waits to be recorded. */
  readonly cause: EventAttribution;
  readonly outcome: AiOutcome;
  readonly errorType: string | undefined;
  readonly streamed: boolean;
  readonly durationSeconds: number;
  readonly usage: CallUsage | undefined;
  readonly images: number;
  readonly webSearches: number;
  readonly serviceTier: string | undefined;
  readonly reportedUsd: number | undefined;
}

/** Records an ended call and publishes it; see `inBatches`. */
export const recordCall: (call: EndedCall) => void = inBatches(channels.aiCall, 'ai.batch', recordNow);

function recordNow(call: EndedCall, hasWaited: boolean): void {
  const { cause, outcome, durationSeconds, errorType } = call;
  const kind = callKind(call, cause.feature);
  (errorType === undefined ? kind.duration : kind.failure(errorType))(durationSeconds);
  kind.calls[outcome](1);
  const usage = call.usage && billedUsage(call.usage);
  recordTokens(usage, kind);
  const cost = safely('ai.price', costOf, call, usage);
  if (cost !== undefined) recordCost(cost, kind);
  recordGaps(call, usage, cost);
  channels.aiCall[hasWaited ? 'tell' : 'publish'](() => ({
    ...cause,
    operation: call.operation,
    provider: call.provider,
    requestModel: call.requestModel,
    responseModel: call.responseModel,
    outcome,
    errorType,
    streamed: call.streamed,
    durationSeconds,
    usage: usage && tokens(usage),
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
function costOf(call: EndedCall, usage: BilledUsage | undefined): Cost | undefined {
  return usage === undefined && call.outcome !== 'ok' ? undefined : priceCall(call, usage);
}

/** Counts what the numbers lack: dollars of a call that used something, or the usage of one that succeeded or was aborted, which is billed as well. Moderation is free and reports none. */
function recordGaps({ operation, provider, requestModel, outcome, images }: EndedCall, usage: BilledUsage | undefined, cost: Cost | undefined): void {
  if (cost !== undefined || operation === 'moderation') return;
  const labels = { 'gen_ai.provider.name': provider, 'gen_ai.request.model': requestModel };
  const used = images > 0 || (usage !== undefined && usage.input + usage.output > 0);
  if (used) record.unpricedCalls(1, labels);
  else if (outcome !== 'error' && usage === undefined) record.unmeteredCalls(1, labels);
}

function tokens({ input, output, cacheRead, cacheWrite, reasoning }: BilledUsage) {
  return { input, output, cacheRead, cacheWrite, reasoning };
}
