import { existsSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { adapters } from './index.ts';

/** Folders of the package that are no adapters. */
const OTHERS = ['config', 'pricing', 'stainless'];

it('lists every adapter folder, and each is complete', () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  const names = folders.filter((name) => !OTHERS.includes(name));
  expect(adapters.map(({ name }) => name).sort()).toEqual(names.sort());
  for (const name of names) {
    for (const file of ['index.ts', 'patch.ts', 'shapes.ts', `${name}.test.ts`, 'README.md']) {
      expect(existsSync(`${import.meta.dirname}/${name}/${file}`), `${name}/${file}`).toBe(true);
    }
  }
});
