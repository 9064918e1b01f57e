import { featureMetrics } from '@tallyman/catalog';
import { type AiCallEvent, bindMetrics, channels, type JobEvent, keptByName, type PaymentEvent, runtime } from '@tallyman/core';

const record = bindMetrics(featureMetrics);

/** What this package reads of other domains' configuration. */
interface ForeignConfiguration {
  readonly queues?: { readonly generations?: Readonly<Record<string, string>> };
  readonly webhooks?: { readonly earns?: Readonly<Record<string, Readonly<Record<string, number>>>> };
}

/** Operations whose result is a generation, with its type; what they do not name (embeddings, transcription) generates nothing. */
const GENERATIONS: Readonly<Record<string, string>> = {
  chat: 'text',
  generate_content: 'text',
  text_completion: 'text',
  image_generation: 'image',
  speech: 'speech',
  video_generation: 'video',
};

/** Derives token spend, generations and revenue of features from what the domains publish; configured generations start at 0. */
export function startKpis(): void {
  const { generations = {} } = (runtime.configuration as ForeignConfiguration).queues ?? {};
  for (const type of Object.values(generations)) record.generationSuccess(0, { type });
  channels.aiCall.follow((call) => {
    spend(call);
    generate(call);
  });
  if (Object.keys(generations).length > 0) channels.job.follow(generateByJob);
  channels.payment.follow(earn);
}

function generationOf(queue: string): string | undefined {
  const { generations } = (runtime.configuration as ForeignConfiguration).queues ?? {};
  return generations !== undefined && Object.hasOwn(generations, queue) ? generations[queue] : undefined;
}

const spendOf = keptByName((model) => ({
  image: record.tokenSpend.bind({ model, type: 'image' }),
  embedding: record.tokenSpend.bind({ model, type: 'embedding' }),
  input: record.tokenSpend.bind({ model, type: 'input' }),
  output: record.tokenSpend.bind({ model, type: 'output' }),
}));
const successOf = keptByName((type) => record.generationSuccess.bind({ type }));

function spend({ operation, requestModel, usage, images }: AiCallEvent): void {
  if (operation === 'image_generation') {
    if (images > 0) spendOf(requestModel).image(images);
    return;
  }
  if (usage === undefined) return;
  if (operation === 'embeddings') {
    spendOf(requestModel).embedding(usage.input);
    return;
  }
  const { input, output } = spendOf(requestModel);
  input(usage.input);
  output(usage.output);
}

/** A call inside a job that is a configured generation is a part of that generation; one that its user aborted neither succeeded nor failed. */
function generate({ operation, outcome, errorType, job }: AiCallEvent): void {
  const type = GENERATIONS[operation];
  if (type === undefined || (job !== undefined && generationOf(job.queue) !== undefined)) return;
  count(type, outcome, errorType);
}

function generateByJob({ queue, outcome, errorType }: JobEvent): void {
  const type = generationOf(queue);
  if (type !== undefined) count(type, outcome, errorType);
}

function count(type: string, outcome: string, errorType: string | undefined): void {
  if (outcome === 'ok') successOf(type)(1);
  else if (outcome === 'error') record.generationFailure(1, { type, 'error.type': errorType ?? '_OTHER' });
}

/** Shares a plan's payment out among the features that the plan pays for, by their weights. Refunds are counted by `payment.refunded` alone. */
function earn({ kind, plan, currency, amount }: PaymentEvent): void {
  if (kind !== 'conversion' || amount === undefined || currency === undefined) return;
  const { earns } = (runtime.configuration as ForeignConfiguration).webhooks ?? {};
  const weights = earns !== undefined && Object.hasOwn(earns, plan) ? Object.entries(earns[plan] ?? {}) : [];
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  if (total <= 0) return;
  for (const [feature, weight] of weights) record.revenue((amount * weight) / total, { feature, currency });
}
