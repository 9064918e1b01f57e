import { CREATED, servedModel, tailoredAnswer, words } from './answers.mjs';
import { USAGE } from './usage.mjs';

/**
 * @param {any} body
 * @param {number} id
 */
export function responseObject(body, id) {
  return { ...shell(body, id), status: 'completed', output: [reasoning(id), message(id, tailoredAnswer())], usage: usage() };
}

/**
 * The events of a streamed response; the last one has the whole response, usage included.
 *
 * @param {any} body
 * @param {number} id
 */
export function* responseEvents(body, id) {
  let sequence = 0;
  /** @param {string} type @param {object} fields */
  const event = (type, fields) => ({ event: type, data: { type, sequence_number: sequence++, ...fields } });
  const started = { ...shell(body, id), status: 'in_progress', output: [], usage: null };
  const text = tailoredAnswer();
  const item = { item_id: `msg_${id}`, output_index: 1 };
  const part = { ...item, content_index: 0 };
  yield event('response.created', { response: started });
  yield event('response.in_progress', { response: started });
  yield event('response.output_item.added', { output_index: 0, item: reasoning(id) });
  yield event('response.output_item.done', { output_index: 0, item: reasoning(id) });
  yield event('response.output_item.added', { output_index: 1, item: { ...message(id, ''), status: 'in_progress', content: [] } });
  yield event('response.content_part.added', { ...part, part: outputText('') });
  for (const word of words(text)) yield event('response.output_text.delta', { ...part, delta: word, logprobs: [] });
  yield event('response.output_text.done', { ...part, text, logprobs: [] });
  yield event('response.content_part.done', { ...part, part: outputText(text) });
  yield event('response.output_item.done', { output_index: 1, item: message(id, text) });
  yield event('response.completed', { response: responseObject(body, id) });
}

/**
 * @param {any} body
 * @param {number} id
 */
function shell(body, id) {
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: CREATED,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: null,
    metadata: {},
    model: servedModel(body.model),
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: 'medium', summary: null },
    service_tier: 'default',
    store: true,
    temperature: 1,
    text: { format: { type: 'text' }, verbosity: 'medium' },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    user: null,
  };
}

/** @param {number} id */
const reasoning = (id) => ({ id: `rs_${id}`, type: 'reasoning', summary: [] });

/** @param {string} text */
const outputText = (text) => ({ type: 'output_text', text, annotations: [], logprobs: [] });

/** @param {number} id @param {string} text */
const message = (id, text) => ({ id: `msg_${id}`, type: 'message', status: 'completed', role: 'assistant', content: [outputText(text)] });

function usage() {
  const { input, cached, output, reasoning } = USAGE.tailor;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}
