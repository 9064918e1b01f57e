import type {} from '@tallyman/ai';
import type { Configuration } from '@tallyman/core';
import type {} from '@tallyman/features';
import type {} from '@tallyman/http';
import type {} from '@tallyman/queues';
import type {} from '@tallyman/webhooks';

/** What a configuration file may hold. */
export type TallymanConfiguration = Omit<Configuration, 'directory'>;

/** Gives the configuration back, typed: for `tallyman.config.ts` and editors. Has no side effect. */
export function defineConfig(configuration: TallymanConfiguration): TallymanConfiguration {
  return configuration;
}
