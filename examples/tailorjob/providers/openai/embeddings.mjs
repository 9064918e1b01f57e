import { createHash } from 'node:crypto';
import { USAGE } from './usage.mjs';

const DIMENSIONS = 256;

/**
 * A vector for each text, in base64 (as the SDK asks) or as numbers. Texts with words in common are near each other.
 *
 * @param {any} body
 */
export function embeddings(body) {
  /** @type {string[]} */
  const texts = [body.input].flat();
  const tokens = texts.length * USAGE.embedding.input;
  return {
    object: 'list',
    data: texts.map((text, index) => ({ object: 'embedding', index, embedding: encode(vectorOf(text), body.encoding_format) })),
    model: body.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** @param {string} text */
function vectorOf(text) {
  const vector = new Float32Array(DIMENSIONS);
  for (const word of text.toLowerCase().match(/[\p{L}\d.]+/gu) ?? []) {
    const bucket = createHash('sha256').update(word).digest()[0] ?? 0;
    vector[bucket] = (vector[bucket] ?? 0) + 1;
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

/**
 * @param {Float32Array} vector
 * @param {string | undefined} format
 */
function encode(vector, format) {
  return format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
}
