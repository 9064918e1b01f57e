// All that Tallyman hooks is loaded, one request is served, one AI call made, what was measured exported: `short.cjs PROVIDER_PORT`.
require('./report.cjs');
const { Queue } = require('bullmq');
const express = require('express');
const { default: OpenAI } = require('openai');
const Stripe = require('stripe');
const { offered } = require('./offered.cjs');

const client = new OpenAI({ apiKey: 'none', baseURL: `http://127.0.0.1:${process.argv[2]}/v1`, maxRetries: 0 });
const stripe = new Stripe('sk_test_none');
const app = express();
const middleware = offered('middleware');
if (middleware !== undefined) app.use(middleware);
app.get('/match/:id', async (_request, response) => {
  const { usage } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] });
  response.json(usage);
});
const server = app.listen(0, '127.0.0.1', async () => {
  const response = await fetch(`http://127.0.0.1:${server.address().port}/match/1`, { headers: { connection: 'close' } });
  if (response.status !== 200 || stripe.webhooks === undefined || Queue === undefined) process.exitCode = 1;
  await response.text();
  server.close();
  await offered('shutdown')?.();
});
