import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { type Configuration, log } from '@tallyman/core';
import type { validateConfiguration } from './validate.ts';
import { text } from './variables.ts';

const NAMES = ['tallyman.config.js', 'tallyman.config.mjs', 'tallyman.config.cjs', 'tallyman.config.ts', 'tallyman.config.json'];

/** A configuration that cannot be used; its message names file, key and what is allowed. */
class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** The configuration file: named by `TALLYMAN_CONFIG`, else found from the working directory upwards. */
function findFile(): string | undefined {
  const named = text('TALLYMAN_CONFIG');
  if (named !== undefined) {
    const file = resolve(named);
    if (!existsSync(file)) throw new ConfigurationError(`TALLYMAN_CONFIG names ${file}, which is not there`);
    return file;
  }
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const name = NAMES.find((candidate) => existsSync(join(folder, candidate)));
    if (name !== undefined) return join(folder, name);
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * Loads and validates the configuration, synchronously.
 * Returns an empty one without a file, and undefined for one that cannot be used, after one clear line: the application then starts without Tallyman.
 */
export function loadConfiguration(): Configuration | undefined {
  try {
    const file = findFile();
    if (file === undefined) return {};
    const { validateConfiguration: validate } = createRequire(__filename)('./validate.cjs') as { validateConfiguration: typeof validateConfiguration };
    const { configuration, problems } = validate(read(file));
    if (configuration === undefined) throw new ConfigurationError(`${file}: ${problems.join('; ')}`);
    return { ...configuration, directory: dirname(file) };
  } catch (error) {
    const why = error instanceof ConfigurationError ? error.message : `the configuration cannot be read (${(error as Error).name})`;
    log('error', `${why}. The application starts without Tallyman.`);
    return undefined;
  }
}

function read(file: string): unknown {
  if (extname(file) === '.json') {
    try {
      return JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      throw new ConfigurationError(`${file} is no valid JSON${/ at position \d+/.exec((error as Error).message)?.[0] ?? ''}`);
    }
  }
  try {
    const loaded = createRequire(file)(file) as { default?: unknown };
    return loaded?.default ?? loaded;
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    if (code === 'ERR_REQUIRE_ASYNC_MODULE') throw new ConfigurationError(`${file} uses top-level await, which a configuration cannot`);
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || (extname(file) === '.ts' && name === 'SyntaxError')) {
      throw new ConfigurationError(`${file}: Node ${process.versions.node} does not strip types; use .js or .json, or a newer Node`);
    }
    throw new ConfigurationError(`${file} throws when it is loaded (${code ?? name})`);
  }
}
