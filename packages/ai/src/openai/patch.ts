import { errorType } from '@tallyman/core';
import { backendOf } from '../providers.ts';
import type { AiOperation } from '../record.ts';
import { patchPost } from '../stainless/client.ts';
import type { Dialect, Failure } from '../stainless/dialect.ts';
import { OpenAIReader } from './shapes.ts';

/** What is used of a client. */
interface Client {
  readonly baseURL?: unknown;
  /** Of `AzureOpenAI` only. */
  readonly apiVersion?: unknown;
  readonly deploymentName?: unknown;
}

/** The POST paths that are AI calls; retrieving, listing, files, batches and counting tokens are none. */
const OPERATIONS: ReadonlyMap<string, AiOperation> = new Map([
  ['/chat/completions', 'chat'],
  ['/responses', 'chat'],
  ['/responses/compact', 'chat'],
  ['/decisions', 'chat'],
  ['/completions', 'text_completion'],
  ['/embeddings', 'embeddings'],
  ['/images/generations', 'image_generation'],
  ['/images/edits', 'image_generation'],
  ['/images/variations', 'image_generation'],
  ['/audio/transcriptions', 'transcription'],
  ['/audio/translations', 'translation'],
  ['/audio/speech', 'speech'],
  ['/moderations', 'moderation'],
  ['/videos', 'video_generation'],
  ['/videos/edits', 'video_generation'],
  ['/videos/extensions', 'video_generation'],
]);

/** Error classes by HTTP status, as the SDK names them; bundlers mangle the names of classes. */
const STATUS_ERRORS: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  409: 'ConflictError',
  422: 'UnprocessableEntityError',
  429: 'RateLimitError',
};

const dialect: Dialect<Client> = {
  operationOf(path) {
    if (typeof path !== 'string') return undefined;
    const query = path.indexOf('?');
    return OPERATIONS.get(query === -1 ? path : path.slice(0, query));
  },
  backendOf(client) {
    const backend = backendOf(client.baseURL);
    return isAzure(client) ? { ...backend, provider: 'azure.ai.openai' } : backend;
  },
  describe(options, client) {
    const { body, stream, __metadata: metadata } = (options ?? {}) as { body?: unknown; stream?: unknown; __metadata?: { model?: unknown } };
    const { model, stream: streamOfBody } = fieldsOf(body);
    const requestModel = (isAzure(client) ? name(client.deploymentName) : undefined) ?? name(model) ?? name(metadata?.model);
    return { requestModel, streamed: Boolean(stream ?? streamOfBody) };
  },
  reader: (operation, provider) => new OpenAIReader(operation, provider),
  failureOf,
};

/** Patches the client class in place. */
export function patchOpenAI(OpenAI: { readonly prototype: object }): void {
  patchPost(OpenAI.prototype, dialect);
}

/** Patches the prototype that owns `post`. */
export function patchPrototype(prototype: object): void {
  patchPost(prototype, dialect);
}

function isAzure(client: Client): boolean {
  return typeof client.apiVersion === 'string' && 'deploymentName' in client;
}

function name(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function fieldsOf(body: unknown): { model?: unknown; stream?: unknown } {
  if (body instanceof FormData) return { model: body.get('model') };
  return typeof body === 'object' && body !== null ? body : {};
}

/** The class of an HTTP error; of an error inside a stream its code; of a broken connection the code of its cause. */
function failureOf(error: unknown): Failure {
  const { status, message, cause, name } = (error ?? {}) as { status?: unknown; message?: unknown; cause?: unknown; name?: unknown };
  const className = (error as object | undefined)?.constructor?.name ?? '';
  if (className === 'APIUserAbortError' || message === 'Request was aborted.' || name === 'AbortError') return { outcome: 'aborted', errorType: className };
  if (typeof status === 'number') return { outcome: 'error', errorType: STATUS_ERRORS[status] ?? (status >= 500 ? 'InternalServerError' : 'APIError') };
  if (className.startsWith('APIConnection')) return { outcome: 'error', errorType: className };
  const isCoded = typeof (cause as { code?: unknown } | undefined)?.code === 'string';
  return { outcome: 'error', errorType: errorType(isCoded ? cause : error) };
}
