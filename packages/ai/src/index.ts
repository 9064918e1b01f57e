import type { Adapter } from '@tallyman/core';
import { adapter as openai } from './openai/index.ts';

export { type AiCall, type CallReport, type CallStart, measureCall } from './call.ts';
export type { AiConfiguration } from './configuration.ts';
export { instrumentOpenAI } from './openai/index.ts';
export { INFERENCE_OWNER, isOwned, owning } from './ownership.ts';
export { type Backend, backendOf } from './providers.ts';
export type { AiOperation, AiOutcome } from './record.ts';
export type { CallUsage, ModalityTokens } from './usage.ts';
export { endIdleCalls } from './waiting.ts';

/** All AI adapters. */
export const adapters: readonly Adapter[] = [openai];
