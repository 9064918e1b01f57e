import OpenAI from 'openai';
import { count } from './counts.mjs';

const CHUNKS = 20;
const LEFT_AFTER = 3;
const request = { model: 'gpt-5', messages: [{ role: 'user', content: 'hello' }] };
const streamed = { ...request, stream: true, stream_options: { include_usage: true } };
const answering = (answer) => ({ headers: { 'x-answer': JSON.stringify(answer) } });

/** One chat call for the feature; counts it. */
export async function chat(client, feature) {
  await client.chat.completions.create(request);
  count(`call ok ${feature}`);
}

const acts = {
  chat: (client) => chat(client, 'job_match'),
  async stream(client) {
    for await (const _ of await client.chat.completions.create(streamed, answering({ chunks: CHUNKS })));
    count('call ok job_match');
    count('stream job_match');
  },
  async leave(client) {
    let chunks = 0;
    for await (const _ of await client.chat.completions.create(streamed, answering({ chunks: CHUNKS, holdAfter: CHUNKS / 2 })))
      if (++chunks === LEFT_AFTER) break;
    count('call aborted job_match');
    count('stream job_match');
  },
  async refuse(client) {
    try {
      await client.chat.completions.create(request, answering({ status: 500 }));
    } catch (error) {
      count('call error job_match');
      throw error;
    }
  },
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
