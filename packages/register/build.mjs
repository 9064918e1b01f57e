// Bundles the preload: one small CommonJS file at the start, and three more that are loaded only when they are needed.
import { build } from 'esbuild';

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
};

await Promise.all([
  // Node versions that are too old must still be able to read this file and print one line.
  build({ ...shared, entryPoints: { preload: 'src/preload.ts' }, outdir: 'dist', outExtension: { '.js': '.cjs' }, target: 'node18' }),
  // Timers of the SDK must not keep an application alive.
  build({ ...shared, entryPoints: { sdk: 'src/sdk.ts' }, outdir: 'dist', outExtension: { '.js': '.cjs' }, inject: ['src/unreferenced-timers.ts'] }),
  build({ ...shared, entryPoints: { serializer: 'src/serializer.ts' }, outdir: 'dist', outExtension: { '.js': '.cjs' } }),
  build({ ...shared, entryPoints: { validate: 'src/validate.ts' }, outdir: 'dist', outExtension: { '.js': '.cjs' } }),
]);
