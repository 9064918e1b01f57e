import { aiMetrics } from '@tallyman/catalog';
import { bindMetrics } from '@tallyman/core';
import type { AiOutcome, TimedAttributes } from './record.ts';

type Record = (value: number) => void;

/** The recorders of AI calls. */
export const record = bindMetrics(aiMetrics);

type TokenAttributes = Parameters<typeof record.inputTokens>[1];
type CostAttributes = Parameters<typeof record.cost>[1];
type Modality = TokenAttributes['gen_ai.token.modality'];

/** What all calls to one model for one feature have in common: where they are recorded, looked for once. */
export class CallKind {
  readonly timed: TimedAttributes;
  readonly isEmbedding: boolean;
  readonly duration: Record;
  readonly cacheRead: Record;
  readonly cacheWrite: Record;
  readonly reasoning: Record;
  readonly #called: Omit<Parameters<typeof record.calls>[1], 'outcome'>;
  readonly #answered: Omit<TokenAttributes, 'gen_ai.token.modality'>;
  readonly #calls = new Map<AiOutcome, Record>();
  readonly #input = new Map<Modality, Record>();
  readonly #output = new Map<Modality, Record>();
  readonly #costs = new Map<CostAttributes['cost.source'], Map<CostAttributes['cost.component'], Record>>();

  constructor(timed: TimedAttributes, feature: string | undefined) {
    this.timed = timed;
    this.isEmbedding = timed['gen_ai.operation.name'] === 'embeddings';
    this.#called = {
      'gen_ai.operation.name': timed['gen_ai.operation.name'],
      'gen_ai.provider.name': timed['gen_ai.provider.name'],
      'gen_ai.request.model': timed['gen_ai.request.model'],
      feature,
    };
    this.#answered = { ...this.#called, 'gen_ai.response.model': timed['gen_ai.response.model'] };
    const unsplit = { ...this.#answered, 'gen_ai.token.modality': 'unknown' } as const;
    this.duration = this.#durations().bind(timed);
    this.cacheRead = record.cacheReadTokens.bind(unsplit);
    this.cacheWrite = record.cacheWriteTokens.bind(unsplit);
    this.reasoning = record.reasoningTokens.bind(unsplit);
  }

  /** What records the duration of calls that end with that error. */
  failure(errorType: string): Record {
    return (seconds) => this.#durations()(seconds, { ...this.timed, 'error.type': errorType });
  }

  /** What counts calls that end so. */
  calls(outcome: AiOutcome): Record {
    return once(this.#calls, outcome, () => record.calls.bind({ ...this.#called, outcome }));
  }

  /** What counts input tokens of that modality. */
  input(modality: Modality): Record {
    return once(this.#input, modality, () => record.inputTokens.bind({ ...this.#answered, 'gen_ai.token.modality': modality }));
  }

  /** What counts output tokens of that modality. */
  output(modality: Modality): Record {
    return once(this.#output, modality, () => record.outputTokens.bind({ ...this.#answered, 'gen_ai.token.modality': modality }));
  }

  /** What counts the dollars of that part of a price. */
  cost(component: CostAttributes['cost.component'], source: CostAttributes['cost.source']): Record {
    const ofSource = once(this.#costs, source, () => new Map());
    return once(ofSource, component, () => record.cost.bind({ ...this.#answered, 'cost.component': component, 'cost.source': source }));
  }

  /** Whether calls with these attributes, for the same feature and requested model, are of this kind. */
  is(timed: TimedAttributes): boolean {
    return (
      this.timed['gen_ai.response.model'] === timed['gen_ai.response.model'] &&
      this.timed['gen_ai.operation.name'] === timed['gen_ai.operation.name'] &&
      this.timed['gen_ai.provider.name'] === timed['gen_ai.provider.name'] &&
      this.timed['server.address'] === timed['server.address']
    );
  }

  #durations(): typeof record.inferenceDuration | typeof record.operationDuration {
    return this.isEmbedding ? record.operationDuration : record.inferenceDuration;
  }
}

function once<K, V>(made: Map<K, V>, key: K, make: () => V): V {
  let value = made.get(key);
  if (value === undefined) {
    value = make();
    made.set(key, value);
  }
  return value;
}

/** Kinds are bounded in the metrics; this bounds the memory of those that are looked for here. */
const MAX_KINDS = 1000;
const MAX_NAME_LENGTH = 200;
/** By feature and requested model. */
const known = new Map<string | undefined, Map<string, CallKind[]>>();
let count = 0;

/** The kind of a call. */
export function callKind(timed: TimedAttributes, feature: string | undefined): CallKind {
  for (const kind of known.get(feature)?.get(timed['gen_ai.request.model']) ?? []) if (kind.is(timed)) return kind;
  const kind = new CallKind(timed, feature);
  if (count >= MAX_KINDS || ![...Object.values(timed), feature].every(isShort)) return kind;
  count++;
  const ofFeature = once(known, feature, () => new Map<string, CallKind[]>());
  once(ofFeature, timed['gen_ai.request.model'], () => []).push(kind);
  return kind;
}

function isShort(name: unknown): boolean {
  return name === undefined || (typeof name === 'string' && name.length <= MAX_NAME_LENGTH);
}
