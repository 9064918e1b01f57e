import { expect, test } from 'vitest';
import { textOf, textsOf } from './json.ts';

test('a text that is too long for an id, a code or a name is none', () => {
  expect(textOf('x'.repeat(500))).toHaveLength(500);
  expect(textOf('x'.repeat(501))).toBeUndefined();
  expect(textsOf('a', 'x'.repeat(1e6), '', 'a', 1)).toEqual(['a']);
});
