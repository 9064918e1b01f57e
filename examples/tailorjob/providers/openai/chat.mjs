import { CREATED, chatAnswer, servedModel, words } from './answers.mjs';
import { USAGE } from './usage.mjs';

/**
 * @param {any} body
 * @param {number} id
 */
export function chatCompletion(body, id) {
  const message = { role: 'assistant', content: chatAnswer(body), refusal: null, annotations: [] };
  return {
    id: `chatcmpl-${id}`,
    object: 'chat.completion',
    created: CREATED,
    model: servedModel(body.model),
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage: usageOf(body),
    service_tier: 'default',
    system_fingerprint: null,
  };
}

/**
 * A chunk a word; the last one, only when asked for, has the usage and no choice.
 *
 * @param {any} body
 * @param {number} id
 */
export function* chatChunks(body, id) {
  const withUsage = body.stream_options?.include_usage === true;
  const head = { id: `chatcmpl-${id}`, object: 'chat.completion.chunk', created: CREATED, model: servedModel(body.model), service_tier: 'default' };
  /** @param {object} delta @param {string | null} reason */
  const chunk = (delta, reason) => ({
    data: { ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }], ...(withUsage && { usage: null }) },
  });
  yield chunk({ role: 'assistant', content: '', refusal: null }, null);
  for (const word of words(chatAnswer(body))) yield chunk({ content: word }, null);
  yield chunk({}, 'stop');
  if (withUsage) yield { data: { ...head, choices: [], usage: usageOf(body) } };
}

/** @param {any} body */
function usageOf(body) {
  const { input, cached, output, reasoning } = body.response_format?.type === 'json_object' ? USAGE.parse : USAGE.match;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  };
}
