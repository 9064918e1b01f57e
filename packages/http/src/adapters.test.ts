import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { adapters } from './index.ts';

test('every folder of a framework is in the list, and the list has nothing else', () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'config');
  expect(adapters.map(({ name }) => name).sort()).toEqual(folders.map(({ name }) => name).sort());
});

test.each(adapters.map(({ name }) => name))('the folder %s is complete', (name) => {
  for (const file of ['index.ts', 'patch.ts', `${name}.test.ts`, 'README.md']) {
    expect(existsSync(`${import.meta.dirname}/${name}/${file}`), `${name}/${file}`).toBe(true);
  }
});
