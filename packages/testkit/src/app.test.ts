import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runApp } from './app.ts';
import { nodeBinary } from './node-versions.ts';

describe('runApp', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tallyman-'));
    await writeFile(join(folder, 'preload.cjs'), 'globalThis.preloaded = true;');
    await writeFile(
      join(folder, 'app.mjs'),
      `process.on('SIGTERM', () => process.exit(3));
       console.log('listening on', process.argv[2]);
       console.error(JSON.stringify({ preloaded: globalThis.preloaded, flags: process.execArgv, env: { A: process.env.A, OTEL_X: process.env.OTEL_X, VITEST: process.env.VITEST } }));
       setInterval(() => {}, 1000);`,
    );
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('starts an application under a preload, without the variables of the test, and ends it by a signal', async () => {
    vi.stubEnv('OTEL_X', 'from outside');
    const preload = join(folder, 'preload.cjs');
    const app = await runApp({ entry: 'app.mjs', args: ['4711'], cwd: folder, preload, nodeFlags: ['--enable-source-maps'], env: { A: 'given' } });
    vi.unstubAllEnvs();
    expect((await app.ready(/listening on (\d+)/))[1]).toBe('4711');
    await app.ready(/\}\}/);
    expect(JSON.parse(app.stderr)).toEqual({ preloaded: true, flags: ['--enable-source-maps', '--require', preload], env: { A: 'given' } });
    expect(await app.stop()).toEqual({ code: 3, signal: null });
  });

  it('shows the output of an application that ends before it is ready', async () => {
    const app = await runApp({ args: ['-e', 'throw new Error("no database")'] });
    await expect(app.ready(/listening/)).rejects.toThrow(/ended \(1\) before \/listening\/\n(.|\n)*no database/);
  });

  it('kills an application that ignores the signal', async () => {
    const app = await runApp({ args: ['-e', `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')`] });
    await app.ready(/up/);
    expect(await app.stop('SIGTERM', 100)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('runs it on another version of Node', async () => {
    const app = await runApp({ nodePath: await nodeBinary('22.15.0'), args: ['-p', 'process.version'] });
    await app.ended;
    expect(app.stdout).toBe('v22.15.0\n');
  });
});
