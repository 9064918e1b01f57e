import OpenAI, { APIConnectionError } from 'openai';
import { count } from './counts.mjs';

const CHUNKS = 20;
const LEFT_AFTER = 3;
const request = { model: 'gpt-5', messages: [{ role: 'user', content: 'hello' }] };
const streamed = { ...request, stream: true, stream_options: { include_usage: true } };
const answering = (answer) => ({ headers: { 'x-answer': JSON.stringify(answer) } });

/** Makes a call for the feature and counts how it went: `act` resolves with the outcome; a call that does not reach the provider is an error too. */
async function counted(feature, act) {
  try {
    count(`call ${await act()} ${feature}`);
  } catch (error) {
    count(`call error ${feature}`);
    if (error instanceof APIConnectionError) count('unconnected');
    throw error;
  }
}

/** One chat call for the feature. */
export function chat(client, feature) {
  return counted(feature, async () => {
    await client.chat.completions.create(request);
    return 'ok';
  });
}

const acts = {
  chat: (client) => chat(client, 'job_match'),
  stream: (client) =>
    counted('job_match', async () => {
      const chunks = await client.chat.completions.create(streamed, answering({ chunks: CHUNKS }));
      count('stream');
      for await (const _ of chunks);
      return 'ok';
    }),
  leave: (client) =>
    counted('job_match', async () => {
      const chunks = await client.chat.completions.create(streamed, answering({ chunks: CHUNKS, holdAfter: CHUNKS / 2 }));
      count('stream');
      let seen = 0;
      for await (const _ of chunks) if (++seen === LEFT_AFTER) break;
      return 'aborted';
    }),
  refuse: (client) => counted('job_match', () => client.chat.completions.create(request, answering({ status: 500 }))),
};

/** A client that tries once, so that a call is one request. */
export function openClient(url) {
  return new OpenAI({ apiKey: 'none', baseURL: url, maxRetries: 0 });
}

/** `GET` answers at once; `POST { act }` asks the model. */
export function matchRoutes(app, providerUrl) {
  const client = openClient(providerUrl);
  app.get('/api/match/:id', (request, response) => response.json({ match: request.params.id, score: 0.93 }));
  app.post('/api/match/:id', async (request, response) => {
    await acts[request.body.act](client);
    response.json({ match: request.params.id });
  });
}
