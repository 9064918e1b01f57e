import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { adapters } from './index.ts';

it('lists each folder of a provider, and no other', () => {
  const folders = readdirSync(new URL('.', import.meta.url), { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'config');
  expect(adapters.map(({ name }) => name).sort()).toEqual(folders.map(({ name }) => name).sort());
});
