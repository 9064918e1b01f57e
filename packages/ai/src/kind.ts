import { aiMetrics } from '@tallyman/catalog';
import { bindMetrics, getOrInsertComputed, hasRoom } from '@tallyman/core';
import type { Inference } from './record.ts';

type Record = (value: number) => void;

/** The recorders of AI calls. */
export const record = bindMetrics(aiMetrics);

type TokenAttributes = Parameters<typeof record.inputTokens>[1];
type TimedAttributes = Omit<Parameters<typeof record.inferenceDuration>[1], 'error.type'>;
type Source = Parameters<typeof record.cost>[1]['cost.source'];

/** A recorder for each value of an attribute. */
type Recorders<Value extends string> = { readonly [V in Value]: Record };

function each<Value extends string>(values: readonly Value[], bind: (value: Value) => Record): Recorders<Value> {
  return Object.fromEntries(values.map((value) => [value, bind(value)])) as Recorders<Value>;
}

const { 'gen_ai.token.modality': modality } = aiMetrics.inputTokens.attributes;
const { outcome } = aiMetrics.calls.attributes;
const { 'cost.component': component } = aiMetrics.cost.attributes;

/** What all calls to one model for one feature have in common: where they are recorded, looked for once. */
export class CallKind {
  readonly #inference: Inference;
  readonly #timed: TimedAttributes;
  readonly isEmbedding: boolean;
  readonly duration: Record;
  readonly timeToFirstChunk: Record;
  readonly timePerOutputChunk: Record;
  readonly cacheRead: Record;
  readonly cacheWrite: Record;
  readonly reasoning: Record;
  /** Count calls by how they end. */
  readonly calls: Recorders<(typeof outcome.values)[number]>;
  /** Count input tokens by modality. */
  readonly input: Recorders<(typeof modality.values)[number]>;
  /** Count output tokens by modality. */
  readonly output: Recorders<(typeof modality.values)[number]>;
  readonly #answered: Omit<TokenAttributes, 'gen_ai.token.modality'>;
  readonly #costs = new Map<Source, Recorders<(typeof component.values)[number]>>();

  constructor({ operation, provider, requestModel, responseModel, serverAddress }: Inference, feature: string | undefined) {
    this.#inference = { operation, provider, requestModel, responseModel, serverAddress };
    this.isEmbedding = operation === 'embeddings';
    const asked = { 'gen_ai.operation.name': operation, 'gen_ai.provider.name': provider, 'gen_ai.request.model': requestModel };
    const timed = { ...asked, 'gen_ai.response.model': responseModel, 'server.address': serverAddress };
    const called = { ...asked, feature };
    this.#timed = timed;
    this.#answered = { ...called, 'gen_ai.response.model': responseModel };
    const unsplit = { ...this.#answered, 'gen_ai.token.modality': 'unknown' } as const;
    this.calls = each(outcome.values, (value) => record.calls.bind({ ...called, outcome: value }));
    this.input = each(modality.values, (value) => record.inputTokens.bind({ ...this.#answered, 'gen_ai.token.modality': value }));
    this.output = each(modality.values, (value) => record.outputTokens.bind({ ...this.#answered, 'gen_ai.token.modality': value }));
    this.duration = this.#durations().bind(timed);
    this.timeToFirstChunk = record.timeToFirstChunk.bind(timed);
    this.timePerOutputChunk = record.timePerOutputChunk.bind(timed);
    this.cacheRead = record.cacheReadTokens.bind(unsplit);
    this.cacheWrite = record.cacheWriteTokens.bind(unsplit);
    this.reasoning = record.reasoningTokens.bind(unsplit);
  }

  /** What records the duration of calls that end with that error. */
  failure(errorType: string): Record {
    return (seconds) => this.#durations()(seconds, { ...this.#timed, 'error.type': errorType });
  }

  /** Count the dollars of that source by part of the price. */
  costs(source: Source): Recorders<(typeof component.values)[number]> {
    return getOrInsertComputed(this.#costs, source, () =>
      each(component.values, (value) => record.cost.bind({ ...this.#answered, 'cost.component': value, 'cost.source': source })),
    );
  }

  /** Whether a call for the same feature and requested model is of this kind. */
  has(call: Inference): boolean {
    const { operation, provider, responseModel, serverAddress } = this.#inference;
    return call.responseModel === responseModel && call.operation === operation && call.provider === provider && call.serverAddress === serverAddress;
  }

  #durations(): typeof record.inferenceDuration | typeof record.operationDuration {
    return this.isEmbedding ? record.operationDuration : record.inferenceDuration;
  }
}

/** By feature and requested model. */
const known = new Map<string | undefined, Map<string, CallKind[]>>();
let count = 0;

/** The kind of a call. */
export function callKind(call: Inference, feature: string | undefined): CallKind {
  const { operation, provider, requestModel, responseModel, serverAddress } = call;
  for (const kind of known.get(feature)?.get(requestModel) ?? []) if (kind.has(call)) return kind;
  const kind = new CallKind(call, feature);
  if (!hasRoom(count, operation, provider, requestModel, responseModel, serverAddress, feature)) return kind;
  count++;
  const ofFeature = getOrInsertComputed(known, feature, () => new Map<string, CallKind[]>());
  getOrInsertComputed(ofFeature, requestModel, () => []).push(kind);
  return kind;
}
