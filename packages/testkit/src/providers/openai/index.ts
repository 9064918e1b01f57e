export * from './answer.ts';
export { type OpenAIProvider, startOpenAIProvider } from './server.ts';
