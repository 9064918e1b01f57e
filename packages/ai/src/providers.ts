import { OTHER } from '@tallyman/catalog';

/** Who answers at a base URL. */
export interface Backend {
  /** `gen_ai.provider.name`: the semantic conventions' name where there is one. */
  readonly provider: string;
  /** Host of the API. */
  readonly serverAddress: string | undefined;
}

/** Host, or end of hosts, to provider. The first match counts. */
const HOSTS: readonly (readonly [host: string, provider: string])[] = [
  ['api.openai.com', 'openai'],
  ['oai.helicone.ai', 'openai'],
  ['openai.azure.com', 'azure.ai.openai'],
  ['cognitiveservices.azure.com', 'azure.ai.openai'],
  ['azure-api.net', 'azure.ai.openai'],
  ['models.inference.ai.azure.com', 'azure.ai.inference'],
  ['openrouter.ai', 'openrouter'],
  ['api.anthropic.com', 'anthropic'],
  ['deepseek.com', 'deepseek'],
  ['groq.com', 'groq'],
  ['mistral.ai', 'mistral_ai'],
  ['x.ai', 'x_ai'],
  ['together.xyz', 'together'],
  ['together.ai', 'together'],
  ['fireworks.ai', 'fireworks'],
  ['perplexity.ai', 'perplexity'],
  ['cerebras.ai', 'cerebras'],
  ['cohere.ai', 'cohere'],
  ['cohere.com', 'cohere'],
  ['moonshot.ai', 'moonshot_ai'],
  ['moonshot.cn', 'moonshot_ai'],
  ['generativelanguage.googleapis.com', 'gcp.gemini'],
  ['aiplatform.googleapis.com', 'gcp.vertex_ai'],
  ['googleapis.com', 'gcp.gen_ai'],
  ['api.aws', 'aws.bedrock'],
  ['amazonaws.com', 'aws.bedrock'],
  ['ml.cloud.ibm.com', 'ibm.watsonx.ai'],
  ['huggingface.co', 'huggingface'],
  ['deepinfra.com', 'deepinfra'],
  ['novita.ai', 'novita'],
  ['z.ai', 'zai'],
];

/** Distinct base URLs are few; the bound is for applications that build one for each request. */
const MAX_CACHED = 200;
const cache = new Map<string, Backend>();

/**
 * The backend behind the base URL of an OpenAI-compatible client. A host on this machine counts as OpenAI itself, because development servers and test
 * doubles stand in for it there; any other host that is not known gives `_OTHER`, and `server.address` tells which one it is.
 */
export function backendOf(baseURL: unknown): Backend {
  const key = String(baseURL);
  let backend = cache.get(key);
  if (backend === undefined) {
    backend = resolve(key);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(key, backend);
  }
  return backend;
}

function resolve(baseURL: string): Backend {
  if (!URL.canParse(baseURL)) return { provider: OTHER, serverAddress: undefined };
  const { hostname, pathname } = new URL(baseURL);
  return { provider: providerOf(hostname, pathname), serverAddress: hostname };
}

function providerOf(host: string, path: string): string {
  if (host === 'localhost' || host === '[::1]' || /^127\./.test(host)) return 'openai';
  if (host.endsWith('services.ai.azure.com')) return path.includes('/openai') ? 'azure.ai.openai' : 'azure.ai.inference';
  if (host === 'gateway.ai.cloudflare.com' && path.endsWith('/openai')) return 'openai';
  const known = HOSTS.find(([end]) => host === end || host.endsWith(`.${end}`) || (end.startsWith('aiplatform.') && host.endsWith(`-${end}`)));
  return known?.[1] ?? OTHER;
}
