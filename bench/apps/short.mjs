// A process that does a little of everything and ends by itself: `short.mjs PROVIDER_PORT`.
import './report.cjs';
import express from 'express';
import OpenAI from 'openai';

const client = new OpenAI({ apiKey: 'none', baseURL: `http://127.0.0.1:${process.argv[2]}/v1`, maxRetries: 0 });
const app = express();
app.get('/match/:id', async (_request, response) => {
  const { usage } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] });
  response.json(usage);
});
const server = app.listen(0, '127.0.0.1', async () => {
  const response = await fetch(`http://127.0.0.1:${server.address().port}/match/1`, { headers: { connection: 'close' } });
  if (response.status !== 200) process.exitCode = 1;
  await response.text();
  server.close();
});
