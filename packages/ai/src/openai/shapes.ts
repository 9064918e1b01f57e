import type { CallReport } from '../call.ts';
import type { AiOperation } from '../record.ts';
import type { AnswerReader } from '../stainless/dialect.ts';
import { readUsage, reportedCost } from './usage.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Stream events after which nothing follows, with the answer in `response`. */
const ENDS: ReadonlySet<unknown> = new Set(['response.completed', 'response.incomplete', 'response.failed']);
/** Stream events that bring one finished image. */
const IMAGES: ReadonlySet<unknown> = new Set(['image_generation.completed', 'image_edit.completed']);

/** Reads answers of chat completions, responses, embeddings, images and audio, whole or in chunks. */
export class OpenAIReader implements AnswerReader {
  isComplete = false;
  failure: string | undefined;
  readonly #operation: AiOperation;
  readonly #provider: string;
  #isNamed = false;
  #images = 0;

  constructor(operation: AiOperation, provider: string) {
    this.#operation = operation;
    this.#provider = provider;
  }

  read(part: unknown): CallReport | undefined {
    if (!isFields(part)) return undefined;
    if (typeof part.type === 'string') return this.#event(part);
    if (Array.isArray(part.choices)) return this.#chat(part, part.choices);
    if (this.#operation === 'image_generation') this.#images = Array.isArray(part.data) ? part.data.length : 0;
    return this.#answer(part);
  }

  /** A chat or text completion, or a chunk of one; most chunks tell nothing new. */
  #chat(part: Fields, choices: readonly unknown[]): CallReport | undefined {
    const [choice] = choices;
    if (isFields(choice) && choice.finish_reason) this.isComplete = true;
    if (this.#isNamed && !part.usage && !part.x_groq) return undefined;
    const x = isFields(part.x_groq) && !part.usage && part.object === 'chat.completion.chunk' ? part.x_groq : part;
    return this.#answer(part, x.usage);
  }

  /** An event of the Responses API, of a streamed image or of a transcription. */
  #event(event: Fields): CallReport | undefined {
    if (isFields(event.response)) {
      if (!ENDS.has(event.type)) return this.#isNamed ? undefined : this.#answer(event.response, null);
      this.isComplete = true;
      return this.#answer(event.response);
    }
    if (event.type === 'error') this.failure = codeOf(event) ?? 'error';
    if (IMAGES.has(event.type)) this.#images += 1;
    if (!isFields(event.usage)) return undefined;
    this.isComplete = true;
    return this.#answer(event);
  }

  #answer(answer: Fields, usage: unknown = answer.usage): CallReport {
    const responseModel = typeof answer.model === 'string' ? answer.model : undefined;
    this.#isNamed ||= responseModel !== undefined;
    if (answer.status === 'failed' || isFields(answer.error)) this.failure = codeOf(answer.error) ?? 'failed';
    return {
      responseModel,
      usage: readUsage(usage, this.#provider),
      costUsd: reportedCost(usage, this.#provider),
      serviceTier: typeof answer.service_tier === 'string' ? answer.service_tier : undefined,
      images: this.#images === 0 ? undefined : this.#images,
      webSearches: usage ? webSearches(answer) : undefined,
    };
  }
}

/** Billed searches: as the answer counts them, else the search calls in its output; opening a page is free. */
function webSearches({ tool_usage: tools, output }: Fields): number | undefined {
  const counted = isFields(tools) && isFields(tools.web_search) ? tools.web_search.num_requests : undefined;
  if (typeof counted === 'number') return counted;
  if (!Array.isArray(output)) return undefined;
  return output.filter((item) => isFields(item) && item.type === 'web_search_call' && (!isFields(item.action) || item.action.type === 'search')).length;
}

/** The code of an error object, if it is a short token. */
function codeOf(error: unknown): string | undefined {
  const code = isFields(error) ? error.code : undefined;
  return typeof code === 'string' && /^[A-Za-z][\w.-]{0,49}$/.test(code) ? code : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
