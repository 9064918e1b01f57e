import { CREATED } from './answers.mjs';
import { USAGE } from './usage.mjs';

/** A PNG of one grey pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==';

/** One generated image. */
export function imageGeneration() {
  const { input, output } = USAGE.image;
  return {
    created: CREATED,
    background: 'opaque',
    output_format: 'png',
    quality: 'medium',
    size: '1024x1024',
    data: [{ b64_json: PIXEL }],
    usage: { input_tokens: input, input_tokens_details: { image_tokens: 0, text_tokens: input }, output_tokens: output, total_tokens: input + output },
  };
}
