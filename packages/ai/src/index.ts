import { type Adapter, defineInstrumentation } from '@tallyman/core';
import { aiConfiguration } from './config/index.ts';
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

/** AI calls for an OpenTelemetry SDK of the application's own: `new NodeSDK({ instrumentations: [new AiInstrumentation()] })`. */
export const AiInstrumentation = /* @__PURE__ */ defineInstrumentation({ name: '@tallyman/ai', part: 'ai', schema: aiConfiguration, adapters });
