/**
 * Brings the packages that tests and benchmarks run beside Tallyman: `node scripts/peers.mjs` prints the folder that holds them.
 *
 * They are half a gigabyte and change how others resolve, so they are no part of the repository's own installation. What is brought
 * is pinned in packages/testkit/peers/ and installed once into the cache folder, under a name made of the lock file's hash.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder, withLock } from './servers.mjs';

const pinned = fileURLToPath(new URL('../packages/testkit/peers/', import.meta.url));
const FILES = ['package.json', 'package-lock.json'];
/** A failed installation is not tried again before this time has passed, in milliseconds: each test file asks. */
const RETRY_AFTER = 600_000;

/** Resolves with the folder whose `node_modules` holds the peers, installed when it is not there yet; rejects with one line that says why not. */
export async function findOrInstallPeers({ retry = false } = {}) {
  const folder = join(cacheFolder(), `peers-${await hash()}`);
  if (await exists(folder)) return folder;
  return withLock('peers', async () => {
    if (!(await exists(folder))) await install(folder, retry);
    return folder;
  });
}

async function hash() {
  const sum = createHash('sha256');
  for (const file of FILES) sum.update(await readFile(join(pinned, file)));
  return sum.digest('hex').slice(0, 12);
}

async function install(folder, retry) {
  const marker = `${folder}.failed`;
  if (!retry && (await exists(marker)) && Date.now() - (await stat(marker)).mtimeMs < RETRY_AFTER) throw new Error(await readFile(marker, 'utf8'));
  process.stderr.write('[tallyman] installing the packages of packages/testkit/peers into the cache folder, once, about half a minute\n');
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(join(cacheFolder(), 'peers-work-'));
  try {
    for (const file of FILES) await copyFile(join(pinned, file), join(work, file));
    await npm(['ci', '--prefix', work, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], work);
    await rename(work, folder);
    await rm(marker, { force: true });
  } catch (error) {
    const reason = `${error.stderr || error.message}`.trim().split('\n')[0].slice(0, 200);
    const line = `the packages of packages/testkit/peers are missing: npm ci failed (${reason})`;
    await writeFile(marker, line);
    throw new Error(line, { cause: error });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Runs npm as npm itself asks scripts to, else the one on PATH; none of the calling script's own npm settings reaches it. */
function npm(args, cwd) {
  const cli = process.env.npm_execpath;
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS' && !/^npm_(config_local_prefix|package|lifecycle)/i.test(name)),
  );
  const [command, commandArgs] = cli ? [process.execPath, [cli, ...args]] : ['npm', args];
  return promisify(execFile)(command, commandArgs, { cwd, env, maxBuffer: 2 ** 26, shell: !cli && process.platform === 'win32' });
}

async function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** What is missing is said, and only in continuous integration a failure: elsewhere the tests that need it are skipped. */
async function main() {
  try {
    process.stdout.write(`peers ${await findOrInstallPeers({ retry: true })}\n`);
  } catch (error) {
    process.stdout.write(`${error.message}\n`);
    if (process.env.CI === 'true') process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
