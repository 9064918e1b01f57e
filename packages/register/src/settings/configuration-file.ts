import { dirname } from 'node:path';
import type { Configuration } from '@tallyman/core';
import { ConfigurationError, codeOf, readConfiguration } from './read-configuration.ts';
import { validateConfiguration } from './validate.ts';

/** A configuration, or the one line that says why a file cannot be used. */
export interface LoadedConfiguration {
  readonly configuration?: Configuration;
  readonly problem?: string;
}

/** Loads and validates a configuration file, synchronously; never throws. */
export function loadConfiguration(file: string): LoadedConfiguration {
  try {
    const { configuration, problems } = validateConfiguration(readConfiguration(file));
    if (configuration === undefined) throw new ConfigurationError(`${file}: ${problems.join('; ')}`);
    return { configuration: { ...configuration, directory: dirname(file) } };
  } catch (error) {
    return { problem: error instanceof ConfigurationError ? error.message : `${file} throws when it is read (${codeOf(error)})` };
  }
}
