import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runApp } from '../app.ts';

const script = join(import.meta.dirname, '../../../../scripts/servers.mjs');
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tallyman-'));
  // A machine with nothing on it: no server, no Go, no apt-get, an empty cache.
  vi.stubEnv('PATH', '');
  vi.stubEnv('TALLYMAN_CACHE', folder);
  vi.resetModules();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

describe('requireServers on a bare machine', () => {
  it('says what to install, one line a component, and lets the tests be skipped', async () => {
    vi.stubEnv('CI', '');
    const lines: unknown[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(line) > 0);
    const { requireServers } = await import('./binaries.ts');
    const servers = await requireServers('prometheus', 'redis-server');
    write.mockRestore();
    expect(servers.missing).toMatch(/^prometheus is missing: install Go, or put Prometheus .*\nredis-server is missing: /);
    expect(lines.filter((line) => `${line}`.startsWith('[tallyman] skipped: '))).toHaveLength(2);
  });

  it('fails in continuous integration instead', async () => {
    vi.stubEnv('CI', 'true');
    const { requireServers } = await import('./binaries.ts');
    await expect(requireServers('redis-server')).rejects.toThrow(/^redis-server is missing: install Redis/);
  });

  it.each([
    ['', 0],
    ['true', 1],
  ])('the script prints the same line and, with CI=%j, ends with %i', async (ci, code) => {
    const app = await runApp({ entry: script, args: ['redis-server'], env: { CI: ci, TALLYMAN_CACHE: folder } });
    expect(await app.ended).toEqual({ code, signal: null });
    expect(app.stdout).toMatch(/^redis-server is missing: install Redis[^\n]*\n$/);
  });
});

describe('withLock', () => {
  const holder = (body: string) =>
    runApp({
      args: ['--input-type=module', '-e', `import { withLock } from ${JSON.stringify(pathToFileURL(script))};\n${body}`],
      env: { TALLYMAN_CACHE: folder },
    });

  it('lets processes work one after the other, and leaves nothing behind', async () => {
    const body = `import { mkdir, rmdir } from 'node:fs/promises';
      await withLock('work', async () => { await mkdir('${folder}/alone'); await new Promise(setImmediate); await rmdir('${folder}/alone'); });`;
    const processes = await Promise.all([holder(body), holder(body), holder(body)]);
    expect(await Promise.all(processes.map(({ ended }) => ended))).toEqual(processes.map(() => ({ code: 0, signal: null })));
    expect(await readdir(folder)).toEqual([]);
  });

  it('is taken over from a process that died', async () => {
    const dead = await holder(`setInterval(() => {}, 1000); await withLock('work', () => { console.log('mine'); return new Promise(() => {}); });`);
    await dead.ready(/mine/);
    await dead.stop('SIGKILL');
    const { withLock } = await import('../../../../scripts/servers.mjs');
    expect(await withLock('work', async () => 'taken over')).toBe('taken over');
  });
});
