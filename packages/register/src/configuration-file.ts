import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { type Configuration, log } from '@tallyman/core';
import { ConfigurationError, codeOf, readConfiguration } from './read-configuration.ts';
import type { validateConfiguration } from './validate.ts';
import { text } from './variables.ts';

const NAMES = ['tallyman.config.js', 'tallyman.config.mjs', 'tallyman.config.cjs', 'tallyman.config.ts', 'tallyman.config.json'];

/** The configuration file: named by `TALLYMAN_CONFIG`, else found from the working directory upwards. */
function findFile(): string | undefined {
  const named = text('TALLYMAN_CONFIG');
  if (named !== undefined) return resolve(named);
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
  let file: string | undefined;
  try {
    file = findFile();
    if (file === undefined) return {};
    const { validateConfiguration: validate } = createRequire(__filename)('./validate.cjs') as { validateConfiguration: typeof validateConfiguration };
    const { configuration, problems } = validate(readConfiguration(file));
    if (configuration === undefined) throw new ConfigurationError(`${file}: ${problems.join('; ')}`);
    return { ...configuration, directory: dirname(file) };
  } catch (error) {
    const why = error instanceof ConfigurationError ? error.message : `${file ?? 'the configuration'} throws when it is read (${codeOf(error)})`;
    log('error', `${why}. The application starts without Tallyman.`);
    return undefined;
  }
}
