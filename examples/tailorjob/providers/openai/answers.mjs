import { MARKERS } from './usage.mjs';

/** The model that serves a request: as with OpenAI, an alias is answered by a dated snapshot. */
const SNAPSHOTS = { 'gpt-5': 'gpt-5-2025-08-07' };

/**
 * @param {string} model
 * @returns {string}
 */
export const servedModel = (model) => /** @type {Record<string, string>} */ (SNAPSHOTS)[model] ?? model;

/** When everything that the provider makes was made, in seconds: fixed, so that answers can be compared. */
export const CREATED = 1_790_000_000;

const MATCH = 'Score: 82. The skills fit the posting well; the years of experience are above what is asked for. Salary and place remain to be settled.';
const TAILORED =
  'Engineer with a record of shipping reliable services. Built payment flows, job queues and dashboards that teams still use. Looks for a place to go on doing so.';

/**
 * @param {any} body A chat completion's request.
 * @returns {string}
 */
export function chatAnswer(body) {
  if (body.response_format?.type !== 'json_object') return MATCH;
  const text = String(body.messages.at(-1)?.content ?? '');
  if (text.includes(MARKERS.unreadable)) return 'I am sorry, but I cannot make sense of this document.';
  const [name = '', skills = ''] = text.split('\n');
  return JSON.stringify({ name, skills: skills.split(', '), years: 7 });
}

/** @returns {string} */
export const tailoredAnswer = () => TAILORED;

/**
 * The words of a text, with the spaces that follow them.
 *
 * @param {string} text
 * @returns {string[]}
 */
export const words = (text) => text.match(/\S+\s*/g) ?? [];
