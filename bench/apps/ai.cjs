// Calls the provider through OpenAI's client: `ai.cjs PROVIDER_PORT`.
const { default: OpenAI } = require('openai');
const { answer, measured, repeat } = require('./answer.mjs');

const CONCURRENCY = 4;
const client = new OpenAI({ apiKey: 'none', baseURL: `http://127.0.0.1:${process.argv[2]}/v1`, maxRetries: 0 });
const request = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] };

async function chat() {
  const { usage } = await client.chat.completions.create(request);
  if (usage.total_tokens !== 120) throw new Error('the answer is not the one that the provider gave');
}

async function stream() {
  const chunks = await client.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } });
  for await (const _ of chunks) count++;
}

let count = 0;

answer({
  chat: async (calls) => ({ ...(await measured(() => repeat(calls, CONCURRENCY, chat))), count: calls }),
  stream: async (calls) => {
    count = 0;
    const used = await measured(() => repeat(calls, CONCURRENCY, stream));
    return { ...used, count };
  },
});
