import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { copyOf } from './naming.ts';
import { NOTHING, type Place, type ProcessRow, WORKED } from './row.ts';

const MEASURED = 'measured once';

/** A flag of Node that changes the language or its loaders. */
function flag(name: string, outcome = MEASURED): ProcessRow {
  return { name: `\`${name}\``, outcome, start: ({ fixture }) => ({ args: [fixture('work.cjs')], nodeOptions: [name] }), arrives: WORKED };
}

const READ = '--allow-fs-read=*';
/** Node 25 and newer ask for the network too. */
const NETWORK = process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : [];

function permission(flags: string, outcome: string): ProcessRow {
  const args = [...flags.split(' '), ...NETWORK];
  return {
    name: `\`${flags}\``,
    outcome,
    start: (place) => ({ args: [...args, ...place.flags, place.fixture('work.cjs')], namesPreload: true }),
    arrives: WORKED,
  };
}

/** An application in a folder of its own under permissions that name what it reads, and this of ours. */
function reading(place: Place, ours: string): ReturnType<ProcessRow['start']> {
  const { flags, folder, fixture, installed } = place;
  // Beside the packages that it needs itself, as it is when it is installed.
  const preload = copyOf(place);
  cpSync(fixture('work.cjs'), join(folder, 'work.cjs'));
  symlinkSync(installed(''), join(folder, 'node_modules'));
  const readable = [join(folder, 'node_modules', '*'), join(folder, 'work.cjs'), join(folder, 'package.json'), installed('*'), join(dirname(preload), ours)];
  return {
    args: [
      '--permission',
      ...readable.map((path) => `--allow-fs-read=${path}`),
      ...NETWORK,
      ...(flags.length > 0 ? ['--require', preload] : []),
      join(folder, 'work.cjs'),
    ],
    namesPreload: true,
  };
}

/** A command that sees the whole file system read-only, where the system lets us make one; else a folder in which nothing can be written. */
function readOnly(place: Place): ReturnType<ProcessRow['start']> {
  const args = ['-rm', 'sh', '-c', 'mount -o remount,bind,ro / && exec "$@"', 'sh'];
  const env = { HOME: '/nonexistent', TMPDIR: '/nonexistent' };
  if (spawnSync('unshare', [...args, 'true']).status === 0)
    return { command: 'unshare', args: [...args, process.execPath, place.fixture('read-only.cjs')], env };
  chmodSync(place.folder, 0o555);
  return { args: [place.fixture('read-only.cjs')], env };
}

type CacheState = 'cold' | 'warm';

function compileCache(way: string, state: CacheState, entry = 'compile-cache.cjs'): ProcessRow {
  return {
    name: `compile cache by ${way}, ${state}`,
    outcome: MEASURED,
    start: async ({ fixture, folder, flags, env }) => {
      const cache = join(folder, 'cache');
      mkdirSync(cache);
      const variables = { NODE_COMPILE_CACHE: way.includes('NODE_COMPILE_CACHE') ? cache : undefined, CACHE_FOLDER: cache };
      if (state === 'warm') {
        // Warmed by a run without us and by one with us, as when a deployment changes; with a collector that is away, so that nothing is counted twice.
        for (const options of ['', ...flags.slice(0, 1).map(() => flags.join(' '))]) {
          await promisify(execFile)(process.execPath, [fixture(entry)], {
            env: { ...process.env, ...env, ...variables, NODE_OPTIONS: options, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
          });
        }
      }
      return { args: [fixture(entry)], env: { ...variables, CACHE: state } };
    },
    arrives: WORKED,
  };
}

/** An application in a folder of its own with openai where `put` puts it. */
function layout(name: string, put: (place: Place, openai: string) => void, outcome = MEASURED): ProcessRow {
  return {
    name,
    outcome,
    start: (place) => {
      writeFileSync(join(place.folder, 'package.json'), JSON.stringify({ name: 'stranger', version: '1.0.0' }));
      mkdirSync(join(place.folder, 'node_modules'));
      for (const file of ['work.cjs', 'work.mjs']) cpSync(place.fixture(file), join(place.folder, file));
      put(place, place.installed('openai'));
      return { args: [join(place.folder, 'work.mjs')] };
    },
    arrives: WORKED,
  };
}

/** A copy of a package without what is not run. */
function copyPackage(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (file) => !/\/openai\/src$|\.map$|\.ts$|\.mts$/.test(file) });
}

function pnpm({ folder }: Place, openai: string): void {
  const store = join(folder, 'node_modules', '.pnpm', 'openai@7.57.0', 'node_modules', 'openai');
  mkdirSync(dirname(store), { recursive: true });
  copyPackage(openai, store);
  symlinkSync(store, join(folder, 'node_modules', 'openai'));
}

function workspace({ folder }: Place, openai: string): void {
  copyPackage(openai, join(folder, 'vendored', 'client'));
  symlinkSync(join(folder, 'vendored', 'client'), join(folder, 'node_modules', 'openai'));
}

/** What surrounds a process: its rights, its files, flags of Node. */
export const surroundings: readonly ProcessRow[] = [
  { name: 'read-only file system, no home directory', outcome: MEASURED, start: readOnly, arrives: WORKED },
  { name: 'no `HOME`', outcome: MEASURED, start: ({ fixture }) => ({ args: [fixture('work.cjs')], env: { HOME: undefined } }), arrives: WORKED },
  permission(`--permission ${READ} --allow-worker`, MEASURED),
  permission(
    `--permission ${READ}`,
    'measured once; `process.exit()` loses what was not exported before, and a line says so: Node allows no thread to deliver it',
  ),
  {
    name: '`--permission`, reading allowed for the application, its packages and `@tallyman/register` alone',
    outcome: MEASURED,
    start: (place) => reading(place, '*'),
    arrives: WORKED,
  },
  {
    name: "`--permission`, reading allowed for the preload's first file alone",
    outcome: 'the application runs as without us; a line says which folder to allow',
    start: (place) => reading(place, 'preload.cjs'),
    arrives: NOTHING,
    says: [/^\[tallyman\] @tallyman\/register cannot be loaded \(ERR_ACCESS_DENIED\): let Node read its files, --allow-fs-read=.*dist\/\*/],
  },
  {
    name: '`--enable-source-maps`',
    outcome: 'stack traces name the same places of the sources, with a line of ours where they go through a measured function; measured once',
    start: ({ fixture }) => ({ args: [fixture('throws-mapped.cjs')], nodeOptions: ['--enable-source-maps'] }),
    arrives: WORKED,
    ends: { code: 1, signal: null },
    shows: [/\/openai\/src\/client\.ts:\d/, /\/stripe\/src\/Webhooks\.ts:\d/],
    comparable: (output) => output.replaceAll(/^ +at .*\/register\/dist\/measure\.cjs:.*\n/gm, ''),
  },
  flag('--frozen-intrinsics'),
  flag('--disable-proto=throw'),
  flag('--disallow-code-generation-from-strings'),
  flag('--preserve-symlinks'),
  compileCache('`NODE_COMPILE_CACHE`', 'cold'),
  compileCache('`NODE_COMPILE_CACHE`', 'warm'),
  compileCache('`NODE_COMPILE_CACHE`, ES modules', 'cold', 'compile-cache.mjs'),
  compileCache('`NODE_COMPILE_CACHE`, ES modules', 'warm', 'compile-cache.mjs'),
  compileCache('`module.enableCompileCache()`', 'warm'),
  layout('packages as pnpm installs them', pnpm),
  layout('a linked package whose real path has no `node_modules`', workspace),
];
