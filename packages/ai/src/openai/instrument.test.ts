import { context, createContextKey } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { aiMetrics as metrics } from '@tallyman/catalog';
import { recordedBy } from '@tallyman/testkit';
import { CHAT_USAGE, IMAGE_USAGE, type OpenAIProvider, startOpenAIProvider } from '@tallyman/testkit/providers/openai';
import { AzureOpenAI, OpenAI } from 'openai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { INFERENCE_OWNER, instrumentOpenAI } from '../index.ts';

const chat = { model: 'gpt-5', messages: [] };
let provider: OpenAIProvider;
let client: OpenAI;

beforeAll(async () => {
  provider = await startOpenAIProvider();
  client = new OpenAI({ apiKey: 'none', baseURL: provider.url, maxRetries: 0 });
});
afterAll(() => provider.stop());

function withContexts(): void {
  beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
  afterAll(() => context.disable());
}

it('measures a client that no module hook has seen, once', async () => {
  const before = await recordedBy(() => client.chat.completions.create(chat));
  expect(before.series(metrics.calls)).toEqual([]);
  expect(instrumentOpenAI(client)).toBe(client);
  instrumentOpenAI(client);
  instrumentOpenAI(new OpenAI({ apiKey: 'none' }));
  const after = await recordedBy(() => client.chat.completions.create(chat));
  expect(after.value(metrics.calls)).toBe(1);
  expect(after.value(metrics.inputTokens)).toBe(CHAT_USAGE.input);
});

it('gives back what is no client, as it is, with one line', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const stranger = { chat: {} };
  expect(instrumentOpenAI(stranger)).toBe(stranger);
  instrumentOpenAI(stranger);
  expect(write.mock.calls.map(([line]) => line)).toEqual(['[tallyman] instrumentOpenAI was given something that is no client of openai: it is not measured\n']);
  write.mockRestore();
});

describe('an instrumented client', () => {
  it('counts a call whose raw response is taken and never parsed, as soon as it is taken', async () => {
    const recorded = await recordedBy(async () => {
      await client.chat.completions.create(chat).asResponse();
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    });
    expect(recorded.value(metrics.calls, { outcome: 'ok' })).toBe(1);
    expect(recorded.value(metrics.inputTokens)).toBe(0);
  });

  it('names Azure by its class, and the deployment as the requested model', async () => {
    const azure = new AzureOpenAI({
      apiKey: 'none',
      apiVersion: '2025-01-01',
      endpoint: new URL(provider.url).origin,
      deployment: 'my-deployment',
      maxRetries: 0,
    });
    const recorded = await recordedBy(() => azure.chat.completions.create(chat));
    expect(recorded.value(metrics.calls, { 'gen_ai.provider.name': 'azure.ai.openai', 'gen_ai.request.model': 'my-deployment' })).toBe(1);
  });

  it('records images with the tokens that they are billed by', async () => {
    const recorded = await recordedBy(() => client.images.generate({ model: 'gpt-image-1', prompt: 'A CV' }));
    expect(recorded.value(metrics.calls, { 'gen_ai.operation.name': 'image_generation', outcome: 'ok' })).toBe(1);
    expect(recorded.value(metrics.inputTokens, { 'gen_ai.token.modality': 'image' })).toBe(IMAGE_USAGE.inputImage);
    expect(recorded.value(metrics.inputTokens, { 'gen_ai.token.modality': 'text' })).toBe(IMAGE_USAGE.inputText);
    expect(recorded.value(metrics.outputTokens)).toBe(IMAGE_USAGE.output);
  });

  it('reads the model of a request that is sent as a form', async () => {
    const image = new File(['png'], 'cv.png', { type: 'image/png' });
    const recorded = await recordedBy(() => client.images.edit({ model: 'gpt-image-1', image, prompt: 'brighter' }));
    expect(recorded.value(metrics.calls, { 'gen_ai.request.model': 'gpt-image-1', 'gen_ai.operation.name': 'image_generation' })).toBe(1);
  });

  it('counts a call that bills no tokens as unmetered, and free moderation not', async () => {
    const speech = await recordedBy(() => client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hi' }));
    expect(speech.value(metrics.unmeteredCalls)).toBe(1);
    const moderation = await recordedBy(() => client.moderations.create({ model: 'omni-moderation-latest', input: 'Hi' }));
    expect(moderation.value(metrics.calls, { 'gen_ai.operation.name': 'moderation', outcome: 'ok' })).toBe(1);
    expect(moderation.value(metrics.unmeteredCalls)).toBe(0);
  });

  it('leaves requests alone that are no AI calls', async () => {
    const recorded = await recordedBy(() => client.post('/fine_tuning/jobs', { body: {} }).catch(() => undefined));
    expect(recorded.series(metrics.calls)).toEqual([]);
  });

  it('keeps prompts, answers and messages of errors out of every attribute', async () => {
    const secret = 'the-secret-of-the-prompt';
    const recorded = await recordedBy(async () => {
      await client.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content: secret }], user: secret });
      const options = { headers: { 'x-answer': JSON.stringify({ status: 400, code: secret }) } };
      await client.chat.completions.create(chat, options).catch(() => undefined);
    });
    for (const metric of Object.values(metrics)) expect(JSON.stringify(recorded.series(metric))).not.toContain(secret);
  });

  describe.each(['', ' in an application with OpenTelemetry'])('is asked once%s', (place) => {
    if (place !== '') withContexts();
    const options = () => ({ apiKey: 'none', baseURL: provider.url, maxRetries: 0 });

    it('by a class of its own that is measured as well', async () => {
      class Own extends OpenAI {
        override post: OpenAI['post'] = (path, options) => super.post(path, options);
      }
      class Other extends OpenAI {}
      Object.defineProperty(Other.prototype, 'post', {
        configurable: true,
        writable: true,
        value(this: OpenAI, ...asked: Parameters<OpenAI['post']>) {
          return OpenAI.prototype.post.apply(this, asked);
        },
      });
      for (const Class of [Own, Other]) {
        const derived = instrumentOpenAI(new Class(options()));
        const recorded = await recordedBy(() => derived.chat.completions.create(chat));
        expect([recorded.value(metrics.calls), recorded.value(metrics.inputTokens)]).toEqual([1, CHAT_USAGE.input]);
      }
    });

    it('by a client whose fetch asks another client', async () => {
      const facade = new OpenAI({ ...options(), fetch: async () => Response.json(await client.chat.completions.create(chat)) });
      const recorded = await recordedBy(() => facade.chat.completions.create(chat));
      expect([recorded.value(metrics.calls), recorded.value(metrics.inputTokens)]).toEqual([1, CHAT_USAGE.input]);
    });

    it('and asks something else before: both are counted', async () => {
      class Moderated extends OpenAI {
        protected override async prepareOptions(): Promise<void> {
          await client.moderations.create({ model: 'omni-moderation-latest', input: 'Hi' });
        }
      }
      const recorded = await recordedBy(() => new Moderated(options()).chat.completions.create(chat));
      for (const operation of ['chat', 'moderation']) expect(recorded.value(metrics.calls, { 'gen_ai.operation.name': operation })).toBe(1);
    });
  });

  describe('in an application with OpenTelemetry', () => {
    withContexts();

    it('says in the context that the call is owned, and leaves a call alone that already is', async () => {
      const key = createContextKey('gen_ai.inference.owner');
      expect(key).toBe(INFERENCE_OWNER);
      let isOwnedInside = false;
      const watching = new OpenAI({
        apiKey: 'none',
        baseURL: provider.url,
        fetch: (url, init) => {
          isOwnedInside = context.active().getValue(key) !== undefined;
          return fetch(url, init);
        },
      });
      const recorded = await recordedBy(() => watching.chat.completions.create(chat));
      expect(recorded.value(metrics.calls)).toBe(1);
      expect(isOwnedInside).toBe(true);
      expect(context.active().getValue(key)).toBeUndefined();
      const owned = await recordedBy(() => context.with(context.active().setValue(key, true), () => client.chat.completions.create(chat)));
      expect(owned.series(metrics.calls)).toEqual([]);
    });
  });
});
