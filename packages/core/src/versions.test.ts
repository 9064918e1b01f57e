import { expect, test } from 'vitest';
import { isSupported } from './versions.ts';

test.each([
  ['6.0.0', true],
  ['6.49.0', true],
  ['7.57.0-beta.1', true],
  ['5.99.99', false],
  ['8.0.0', false],
  ['10.0.0', false],
  ['not a version', false],
])('version %s in >=6.0.0 <8.0.0: %s', (version, expected) => {
  expect(isSupported(version, { from: '6.0.0', below: '8.0.0' })).toBe(expected);
});
