import { existsSync, readdirSync } from 'node:fs';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { queuesConfiguration } from './config/index.ts';
import { adapters } from './index.ts';

test('every adapter folder is in the list, and the list names nothing else', () => {
  const folders = readdirSync(import.meta.dirname).filter((name) => existsSync(`${import.meta.dirname}/${name}/patch.ts`));
  expect(adapters.map(({ name }) => name).sort()).toEqual(folders.sort());
});

test('the configuration takes what is documented, and refuses the rest', () => {
  const accepts = (value: unknown) => v.safeParse(queuesConfiguration, value).success;
  expect(accepts({})).toBe(true);
  expect(accepts({ depth: 'off', generations: { 'image-generation': 'image' } })).toBe(true);
  expect([{ depth: 'sometimes' }, { dept: 'on' }, { generations: { images: '' } }, { generations: ['image'] }].map(accepts)).toEqual(new Array(4).fill(false));
});
