import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { peers } from './peers.ts';
import { startProcess } from './process.ts';

const { folder, missing } = await peers();
const pinned = createRequire(import.meta.url)('../peers/package.json') as { dependencies: Record<string, string> };

describe.skipIf(missing)('the packages beside which Tallyman is tried', () => {
  test.each(Object.entries(pinned.dependencies))('%s %s is installed', (name, version) => {
    const { version: installed } = createRequire(`${folder}/`)(join(folder, 'node_modules', name, 'package.json')) as { version: string };
    expect(installed).toBe(version);
  });

  test('are found by plain scripts too', async () => {
    const script = await startProcess({ command: process.execPath, args: ['scripts/peers.mjs'], cwd: new URL('../../../', import.meta.url).pathname });
    expect(await script.ended).toEqual({ code: 0, signal: null });
    expect(script.stdout).toBe(`peers ${folder}\n`);
  });
});
