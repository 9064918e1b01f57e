import { UnreadableCvError } from './errors.js';

/** The models, by what a caller may ask for. */
export const MODELS = {
  standard: 'gpt-5',
  /** Small capacity: often rate-limited. */
  expert: 'gpt-5-pro',
  /** Not on any price list yet. */
  preview: 'aurora-preview',
};

const EMBEDDING_MODEL = 'text-embedding-3-small';
const IMAGE_MODEL = 'gpt-image-1';

/**
 * @typedef {keyof typeof MODELS} Quality
 * @typedef {{ name: string, skills: string[], years: number }} Profile
 */

/** All that TailorJob asks of the models. */
export class Assistant {
  #openai;

  /** @param {import('openai').OpenAI} openai */
  constructor(openai) {
    this.#openai = openai;
  }

  /**
   * Reads a CV's text.
   *
   * @param {string} text
   * @returns {Promise<Profile>}
   * @throws {UnreadableCvError} when the model makes nothing of it.
   */
  async readCv(text) {
    const completion = await this.#openai.chat.completions.create({
      model: MODELS.standard,
      response_format: { type: 'json_object' },
      messages: [
        { role: 'system', content: 'Answer with a JSON object: name, skills, years.' },
        { role: 'user', content: text },
      ],
    });
    try {
      return JSON.parse(completion.choices[0]?.message.content ?? '');
    } catch {
      throw new UnreadableCvError();
    }
  }

  /**
   * Judges how a profile fits a posting, word by word.
   *
   * @param {Profile} profile
   * @param {string} posting
   * @param {{ quality: Quality, signal: AbortSignal }} options
   */
  async match(profile, posting, { quality, signal }) {
    const stream = await this.#openai.chat.completions.create(
      {
        model: MODELS[quality],
        stream: true,
        stream_options: { include_usage: true },
        messages: [
          { role: 'system', content: 'Score the fit from 0 to 100, then say why.' },
          { role: 'user', content: `Profile: ${JSON.stringify(profile)}\nPosting: ${posting}` },
        ],
      },
      { signal },
    );
    return matchText(stream);
  }

  /**
   * Rewrites a profile as a CV for the posting.
   *
   * @param {Profile} profile
   * @param {string} posting
   * @returns {Promise<string>}
   */
  async tailor(profile, posting) {
    const response = await this.#openai.responses.create(tailorRequest(profile, posting));
    return response.output_text;
  }

  /**
   * The same, word by word.
   *
   * @param {Profile} profile
   * @param {string} posting
   * @param {{ signal: AbortSignal }} options
   */
  async tailorStreamed(profile, posting, { signal }) {
    const stream = await this.#openai.responses.create({ ...tailorRequest(profile, posting), stream: true }, { signal });
    return tailorText(stream);
  }

  /**
   * @param {string[]} texts
   * @returns {Promise<number[][]>} A vector for each text.
   */
  async embed(texts) {
    const { data } = await this.#openai.embeddings.create({ model: EMBEDDING_MODEL, input: texts });
    return data.map(({ embedding }) => embedding);
  }

  /**
   * @param {string} prompt
   * @returns {Promise<string>} A PNG in base64.
   */
  async draw(prompt) {
    const { data } = await this.#openai.images.generate({ model: IMAGE_MODEL, prompt, size: '1024x1024' });
    return data?.[0]?.b64_json ?? '';
  }
}

/**
 * @param {Profile} profile
 * @param {string} posting
 */
function tailorRequest(profile, posting) {
  return {
    model: MODELS.standard,
    instructions: 'Rewrite the CV for the posting.',
    input: `Profile: ${JSON.stringify(profile)}\nPosting: ${posting}`,
  };
}

/** @param {AsyncIterable<import('openai').OpenAI.ChatCompletionChunk>} stream */
async function* matchText(stream) {
  for await (const chunk of stream) {
    const text = chunk.choices[0]?.delta.content;
    if (text) yield text;
  }
}

/** @param {AsyncIterable<import('openai').OpenAI.Responses.ResponseStreamEvent>} stream */
async function* tailorText(stream) {
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta') yield event.delta;
  }
}
