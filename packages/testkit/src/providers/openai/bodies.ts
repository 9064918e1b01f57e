import { CHAT_USAGE, EMBEDDING_TOKENS, IMAGE_USAGE, type ProviderAnswer } from './answer.ts';

/** A request as far as the answers depend on it. */
export interface ProviderRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly encodingFormat: string | undefined;
  readonly inputs: number;
}

const CREATED = 1_760_000_000;

const chatUsage = {
  prompt_tokens: CHAT_USAGE.input,
  completion_tokens: CHAT_USAGE.output,
  total_tokens: CHAT_USAGE.input + CHAT_USAGE.output,
  prompt_tokens_details: { cached_tokens: CHAT_USAGE.cacheRead, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: CHAT_USAGE.reasoning, audio_tokens: 0 },
};

const responsesUsage = {
  input_tokens: CHAT_USAGE.input,
  input_tokens_details: { cached_tokens: CHAT_USAGE.cacheRead },
  output_tokens: CHAT_USAGE.output,
  output_tokens_details: { reasoning_tokens: CHAT_USAGE.reasoning },
  total_tokens: CHAT_USAGE.input + CHAT_USAGE.output,
};

/** The model that answers. */
export function servedModel({ model }: ProviderRequest, answer: ProviderAnswer): string {
  return answer.model ?? `${model}-2025-08-07`;
}

/** A chat completion. */
export function chatCompletion(request: ProviderRequest, answer: ProviderAnswer): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: CREATED,
    model: servedModel(request, answer),
    choices: [{ index: 0, message: { role: 'assistant', content: 'A good fit.', refusal: null, annotations: [] }, logprobs: null, finish_reason: 'stop' }],
    ...usageOf(answer, chatUsage),
    service_tier: answer.serviceTier ?? 'default',
  };
}

/** The chunks of a streamed chat completion: content, the end, and the usage where it was asked for. */
export function* chatChunks(request: ProviderRequest, answer: ProviderAnswer, contents: number): Generator<object> {
  const head = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: CREATED,
    model: servedModel(request, answer),
    service_tier: answer.serviceTier ?? 'default',
  };
  for (let index = 0; index < contents; index += 1) {
    const delta = index === 0 ? { role: 'assistant', content: 'A' } : { content: ' word' };
    yield { ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: null }], ...(request.includeUsage && { usage: null }) };
  }
  yield { ...head, choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }], ...(request.includeUsage && { usage: null }) };
  if (request.includeUsage && answer.usage !== null) yield { ...head, choices: [], ...usageOf(answer, chatUsage) };
}

/** A response of the Responses API. */
export function responseBody(request: ProviderRequest, answer: ProviderAnswer, status: 'in_progress' | 'completed'): object {
  const message = { id: 'msg_1', type: 'message', status, role: 'assistant', content: [{ type: 'output_text', text: 'A good fit.', annotations: [] }] };
  return {
    id: 'resp_1',
    object: 'response',
    created_at: CREATED,
    status,
    error: null,
    incomplete_details: null,
    model: servedModel(request, answer),
    output: status === 'completed' ? [message] : [],
    parallel_tool_calls: true,
    service_tier: answer.serviceTier ?? 'default',
    tools: [],
    ...(status === 'completed' ? usageOf(answer, responsesUsage) : { usage: null }),
  };
}

/** The events of a streamed response. */
export function* responseEvents(request: ProviderRequest, answer: ProviderAnswer, contents: number): Generator<object & { readonly type: string }> {
  let sequence = 0;
  const event = <T extends string>(type: T, members: object) => ({ type, sequence_number: sequence++, ...members });
  const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  yield event('response.created', { response: responseBody(request, answer, 'in_progress') });
  yield event('response.output_item.added', {
    output_index: 0,
    item: { id: 'msg_1', type: 'message', status: 'in_progress', role: 'assistant', content: [] },
  });
  yield event('response.content_part.added', { ...place, part: { type: 'output_text', text: '', annotations: [] } });
  for (let index = 0; index < contents; index += 1) yield event('response.output_text.delta', { ...place, delta: ' word', logprobs: [] });
  yield event('response.completed', { response: responseBody(request, answer, 'completed') });
}

/** Embeddings, as base64 of little-endian floats or as numbers. */
export function embeddings(request: ProviderRequest, answer: ProviderAnswer): object {
  const vector = [0.25, -0.5, 1];
  const embedding = request.encodingFormat === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector;
  const tokens = EMBEDDING_TOKENS * request.inputs;
  return {
    object: 'list',
    data: Array.from({ length: request.inputs }, (_, index) => ({ object: 'embedding', index, embedding })),
    model: answer.model ?? request.model,
    ...usageOf(answer, { prompt_tokens: tokens, total_tokens: tokens }),
  };
}

/** A generated image. */
export function images(_request: ProviderRequest, answer: ProviderAnswer): object {
  const input = IMAGE_USAGE.inputText + IMAGE_USAGE.inputImage;
  return {
    created: CREATED,
    data: [{ b64_json: Buffer.from('an image').toString('base64') }],
    ...usageOf(answer, {
      input_tokens: input,
      input_tokens_details: { text_tokens: IMAGE_USAGE.inputText, image_tokens: IMAGE_USAGE.inputImage },
      output_tokens: IMAGE_USAGE.output,
      total_tokens: input + IMAGE_USAGE.output,
    }),
  };
}

function usageOf(answer: ProviderAnswer, usual: object): object {
  return answer.usage === null ? {} : { usage: answer.usage ?? usual };
}
