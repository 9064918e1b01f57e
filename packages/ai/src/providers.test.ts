import { expect, it } from 'vitest';
import { backendOf } from './providers.ts';

it.each([
  ['https://api.openai.com/v1', 'openai'],
  ['https://eu.api.openai.com/v1', 'openai'],
  ['https://my-resource.openai.azure.com/openai', 'azure.ai.openai'],
  ['https://my-resource.services.ai.azure.com/openai/v1', 'azure.ai.openai'],
  ['https://my-resource.services.ai.azure.com/models', 'azure.ai.inference'],
  ['https://openrouter.ai/api/v1', 'openrouter'],
  ['https://api.deepseek.com', 'deepseek'],
  ['https://api.groq.com/openai/v1', 'groq'],
  ['https://api.mistral.ai/v1', 'mistral_ai'],
  ['https://api.x.ai/v1', 'x_ai'],
  ['https://api.together.xyz/v1', 'together'],
  ['https://api.fireworks.ai/inference/v1', 'fireworks'],
  ['https://api.perplexity.ai', 'perplexity'],
  ['https://api.cerebras.ai/v1', 'cerebras'],
  ['https://generativelanguage.googleapis.com/v1beta/openai', 'gcp.gemini'],
  ['https://us-central1-aiplatform.googleapis.com/v1', 'gcp.vertex_ai'],
  ['https://bedrock-mantle.us-east-1.api.aws/openai/v1', 'aws.bedrock'],
  ['https://gateway.ai.cloudflare.com/v1/account/gateway/openai', 'openai'],
  ['http://localhost:8080/v1', 'openai'],
  ['http://127.0.0.1:8080/v1', 'openai'],
  ['http://[::1]:8080/v1', 'openai'],
  ['https://vllm.internal.example/v1', '_OTHER'],
  ['https://notopenrouter.ai/v1', '_OTHER'],
  ['no url', '_OTHER'],
])('%s is %s', (baseURL, provider) => {
  expect(backendOf(baseURL).provider).toBe(provider);
});

it('tells the host, never the path or credentials', () => {
  expect(backendOf('https://user:secret@vllm.internal.example:8443/tenant/42').serverAddress).toBe('vllm.internal.example');
});
