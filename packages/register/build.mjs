// Bundles the preload: one small CommonJS file at the start, and more that are loaded only when they are needed.
import { readFileSync } from 'node:fs';
import { adapters as ai } from '@tallyman/ai';
import { adapters as http } from '@tallyman/http';
import { adapters as queues } from '@tallyman/queues';
import { adapters as webhooks } from '@tallyman/webhooks';
import { build } from 'esbuild';

const adapters = [...http, ...ai, ...webhooks, ...queues];
const hooked = adapters.flatMap(({ rows }) => rows.flatMap(({ module, files }) => files.map((file) => ({ module, tail: `/${file}` }))));
const hookedFiles = Object.groupBy(hooked, ({ tail }) => tail.slice(tail.lastIndexOf('/') + 1));

/** Of a manifest only the version is bundled. */
const versionAlone = {
  name: 'version-alone',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

const shared = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  minify: true,
  legalComments: 'none',
  // The ES form of dependencies is the one that can be tree-shaken.
  mainFields: ['module', 'main'],
  conditions: ['import', 'default'],
  logLevel: 'warning',
  external: ['@pydantic/genai-prices'],
  plugins: [versionAlone],
};

await Promise.all([
  // Node versions that are too old must still be able to read this file and print one line.
  build({
    ...shared,
    entryPoints: { preload: 'src/preload.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    target: 'node18',
    define: {
      HOOKED_FILES: JSON.stringify(hookedFiles),
      ANNOUNCEMENTS: JSON.stringify(adapters.flatMap(({ announcements }) => announcements?.channel ?? [])),
    },
  }),
  build({ ...shared, entryPoints: { measure: 'src/start.ts' }, outdir: 'dist', outExtension: { '.js': '.cjs' }, inject: ['src/timers/own-timers.ts'] }),
  // Timers of the SDK must not keep an application alive.
  build({
    ...shared,
    entryPoints: { sdk: 'src/sdk.ts', spans: 'src/traces/spans.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    inject: ['src/timers/unreferenced-timers.ts'],
  }),
  build({ ...shared, entryPoints: { serializer: 'src/otlp/serializer.ts' }, outdir: 'dist', outExtension: { '.js': '.cjs' } }),
  build({ ...shared, entryPoints: { configuration: 'src/settings/configuration-file.ts' }, outdir: 'dist', outExtension: { '.js': '.cjs' } }),
  build({ ...shared, entryPoints: { track: 'src/track.ts' }, outdir: 'dist', outExtension: { '.js': '.cjs' } }),
]);
