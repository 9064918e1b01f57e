import type { OpenAI } from 'openai';

/** Two clients of the same copy of the SDK. */
export interface Clients {
  readonly client: OpenAI;
  readonly unreachable: OpenAI;
}

export const edgeCases: Readonly<Record<string, (clients: Clients) => Promise<unknown>>>;
export const furtherCases: Readonly<Record<string, (clients: Clients) => Promise<unknown>>>;
