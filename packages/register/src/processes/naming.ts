import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Place, type ProcessRow, type Start, WORKED } from './row.ts';

const BOTH_VERSIONS = 'the first runs and measures once; the second says so in one line and does nothing';

/** A start that names the preload itself, with the flags that these paths need. */
function flags({ flags: [, preload], fixture }: Place, make: (preload: string) => readonly string[], entry = 'work.cjs'): Start {
  return { args: [...(preload === undefined ? [] : make(preload)), fixture(entry)], namesPreload: true };
}

/** Another copy of the built preload, with another version number where one is given. */
export function copyOf(place: Place, version?: string): string {
  const folder = join(place.folder, 'copy', 'dist');
  mkdirSync(folder, { recursive: true });
  const dist = dirname(place.preload);
  for (const name of readdirSync(dist).filter((file) => file.endsWith('.cjs'))) {
    const text = readFileSync(join(dist, name), 'utf8');
    writeFileSync(join(folder, name), version === undefined ? text : text.replaceAll('"0.1.0"', JSON.stringify(version)));
  }
  cpSync(join(dirname(dist), 'package.json'), join(folder, '..', 'package.json'));
  return join(folder, 'preload.cjs');
}

/** A module that registers a loader whose `load` hook gives the source of every CommonJS file, as those of transpilers and of coverage do. */
function sourceLoader({ folder }: Place, how: 'register' | 'registerHooks'): string {
  const hook = `import { readFileSync } from 'node:fs';
export ${how === 'register' ? 'async ' : ''}function load(url, context, nextLoad) {
  const loaded = ${how === 'register' ? 'await ' : ''}nextLoad(url, context);
  return loaded.format === 'commonjs' ? { ...loaded, source: readFileSync(new URL(url)) } : loaded;
}
`;
  const registration = how === 'register' ? `register('./hook.mjs', import.meta.url);` : `registerHooks(await import('./hook.mjs'));`;
  writeFileSync(join(folder, 'hook.mjs'), hook);
  writeFileSync(join(folder, 'loader.mjs'), `import { ${how} } from 'node:module';\n${registration}\n`);
  return join(folder, 'loader.mjs');
}

/** The same path by another name. */
function linkOf(place: Place): string {
  const link = join(place.folder, 'linked');
  symlinkSync(dirname(place.preload), link);
  return join(link, 'preload.cjs');
}

function named(name: string, start: ProcessRow['start'], outcome = 'measured once', says: readonly RegExp[] = []): ProcessRow {
  return { name, outcome, start, arrives: WORKED, says };
}

/** Ways to name the preload, and to name it more than once. */
export const naming: readonly ProcessRow[] = [
  named('`--require`', (place) => flags(place, (preload) => ['--require', preload])),
  named('`--import`', (place) => flags(place, (preload) => ['--import', preload], 'work.mjs')),
  named('`--require` and `--import`', (place) => flags(place, (preload) => ['--require', preload, '--import', preload], 'work.mjs')),
  named('`NODE_OPTIONS` and `--require`', (place) => ({ ...flags(place, (preload) => ['--require', preload]), namesPreload: false })),
  named('twice, once by a symbolic link', (place) => flags(place, (preload) => ['--require', preload, '--require', linkOf(place)])),
  named('twice, with `--preserve-symlinks`', (place) => flags(place, (preload) => ['--preserve-symlinks', '--require', preload, '--require', linkOf(place)])),
  named('two copies of one version', (place) => flags(place, (preload) => ['--require', preload, '--require', copyOf(place)])),
  named('two versions', (place) => flags(place, (preload) => ['--require', preload, '--require', copyOf(place, '999.0.0')]), BOTH_VERSIONS, [
    /^\[tallyman\] versions \S+ and 999\.0\.0 of @tallyman\/register are both preloaded: \S+ runs/,
  ]),
  named(
    'two versions, the newer one first',
    (place) => {
      // The prices are a package of its own, which is found from the copy that runs.
      symlinkSync(place.installed(''), join(place.folder, 'node_modules'));
      return flags(place, (preload) => ['--require', copyOf(place, '999.0.0'), '--require', preload]);
    },
    BOTH_VERSIONS,
    [/^\[tallyman\] versions 999\.0\.0 and \S+ of @tallyman\/register are both preloaded: 999\.0\.0 runs/],
  ),
  ...(['register', 'registerHooks'] as const).map((how) =>
    named(`\`--import\`, beside a loader of \`module.${how}\` that gives the sources of CommonJS files`, (place) =>
      flags(place, (preload) => ['--import', sourceLoader(place, how), '--import', preload], 'work.mjs'),
    ),
  ),
];
