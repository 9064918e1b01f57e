import type { AiConfiguration } from './config/index.ts';

export type { AiConfiguration };

declare module '@tallyman/core' {
  interface Configuration {
    readonly ai?: AiConfiguration | undefined;
  }
}
