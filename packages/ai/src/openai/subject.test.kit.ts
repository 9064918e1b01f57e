import type { AiSubject, Situation } from '@tallyman/testkit/conformance/ai';
import { CHAT_USAGE, EMBEDDING_TOKENS, type OpenAIProvider, type ProviderAnswer } from '@tallyman/testkit/providers/openai';
import type { OpenAI } from 'openai';
import { endIdleCalls, owning } from '../index.ts';
import type { Clients } from './edge-cases.mjs';

/** Where nothing listens. */
export const UNREACHABLE = 'http://127.0.0.1:9/v1';

/** Clients of one copy of the SDK. */
export function clientsOf(Client: typeof OpenAI, provider: OpenAIProvider): Clients {
  return {
    client: new Client({ apiKey: 'none', baseURL: provider.url, maxRetries: 0 }),
    unreachable: new Client({ apiKey: 'none', baseURL: UNREACHABLE, maxRetries: 0 }),
  };
}

/** The conformance suite's view of the SDK. */
export function subject(clients: () => Clients): AiSubject {
  const chunks = 12;
  const answers: Readonly<Record<Situation, ProviderAnswer>> = {
    answers: { chunks },
    'answers without usage': { chunks, usage: null },
    refuses: { status: 400, code: 'invalid_value' },
    recovers: { status: 500, failures: 2 },
    'is gone': {},
    'breaks off': { cutAfter: 3 },
    'falls silent': { holdAfter: 3 },
  };
  const messages = [{ role: 'user' as const, content: 'How does this CV fit?' }];
  const request = (situation: Situation, signal: AbortSignal | undefined) => ({
    completions: (situation === 'is gone' ? clients().unreachable : clients().client).chat.completions,
    options: { maxRetries: 2, headers: { 'x-answer': JSON.stringify(answers[situation]) }, ...(signal && { signal }) },
  });
  return {
    provider: 'openai',
    requestModel: 'gpt-5',
    responseModel: 'gpt-5-2025-08-07',
    usage: CHAT_USAGE,
    chunks: chunks + 2,
    partialChunks: 3,
    refusal: 'BadRequestError',
    connectionError: 'APIConnectionError',
    ask(situation, signal) {
      const { completions, options } = request(situation, signal);
      return completions.create({ model: 'gpt-5', messages }, situation === 'is gone' ? { ...options, maxRetries: 0 } : options);
    },
    stream(situation, signal) {
      const { completions, options } = request(situation, signal);
      return completions.create({ model: 'gpt-5', messages, stream: true, stream_options: { include_usage: true } }, options);
    },
    embedding: {
      model: 'text-embedding-3-small',
      tokens: EMBEDDING_TOKENS,
      ask: () => clients().client.embeddings.create({ model: 'text-embedding-3-small', input: 'A CV' }),
    },
    endIdleCalls,
    owning,
  };
}
