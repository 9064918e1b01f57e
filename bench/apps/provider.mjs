// A server that answers as OpenAI's chat completions do, plain and streamed. It runs bare and its CPU is not counted.
import { createServer } from 'node:http';
import { answer } from './answer.mjs';

const usage = { prompt_tokens: 20, completion_tokens: 100, total_tokens: 120 };
const common = { id: 'chatcmpl-1', created: 1, model: 'gpt-4o-mini-2024-07-18' };
const message = { role: 'assistant', content: 'All work and no play makes a dull benchmark. '.repeat(4), refusal: null };
const plain = Buffer.from(
  JSON.stringify({ ...common, object: 'chat.completion', choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }], usage }),
);

const CONTENT_CHUNKS = 500;
const chunk = (choices, tokens = null) => `data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices, usage: tokens })}\n\n`;
const content = chunk([{ index: 0, delta: { content: ' word' }, logprobs: null, finish_reason: null }]);
const stop = chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }]);
const stream = Buffer.from(`${content.repeat(CONTENT_CHUNKS)}${stop}${chunk([], usage)}data: [DONE]\n\n`);

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (data) => chunks.push(data));
  request.on('end', () => {
    const isStream = JSON.parse(Buffer.concat(chunks).toString()).stream === true;
    const body = isStream ? stream : plain;
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json', 'content-length': body.length });
    response.end(body);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => answer({}, { port: server.address().port, chunks: CONTENT_CHUNKS + 2 }));
