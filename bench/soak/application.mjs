// The application of the soak: Express and a bare server, AI calls, a webhook, a queue. It imports nothing of ours and counts
// for itself what it does: `application.mjs PROVIDER_URL REDIS_PORT`.
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import express from 'express';
import { answer } from '../apps/answer.mjs';
import { matchRoutes } from './application/ai.mjs';
import { count, counts } from './application/counts.mjs';
import { openQueue } from './application/queue.mjs';
import { webhookRoute } from './application/webhook.mjs';

const [providerUrl, redisPort] = process.argv.slice(2);
const NANOSECONDS = 1e6;
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();

const queue = await openQueue(Number(redisPort), providerUrl);
const app = express();
app.use(counted);
webhookRoute(app, express);
app.use(express.json());
matchRoutes(app, providerUrl);
app.post('/api/cv/upload', async (request, response) => {
  await queue.add(request.body.jobs);
  response.status(202).json({ added: request.body.jobs.length });
});
// Sends its headers, so that the client knows that it was heard, and nothing more.
app.get('/api/hang', (_request, response) => response.flushHeaders());
app.use((_error, _request, response, _next) => response.status(500).json({ error: 'failed' }));

const body = Buffer.from(JSON.stringify({ match: 42, score: 0.93, title: 'Software engineer' }));
const bare = createServer((request, response) => {
  counted(request, response, () => {});
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body));
});

function counted(_request, response, next) {
  response.on('close', () => count(`response ${response.writableFinished ? response.statusCode : 'left'}`));
  next();
}

/** Memory after garbage collection, in bytes; the collection itself is kept out of the event loop's figures. */
function memory() {
  delay.disable();
  globalThis.gc();
  const { heapUsed, rss } = process.memoryUsage();
  delay.enable();
  return { heap: heapUsed, rss };
}

function eventLoop() {
  return { median: delay.percentile(50) / NANOSECONDS, p99: delay.percentile(99) / NANOSECONDS, max: delay.max / NANOSECONDS };
}

async function listen(server) {
  // Longer than any pause of the load.
  server.keepAliveTimeout = 600_000;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
}

const ports = { express: await listen(createServer(app)), bare: await listen(bare) };
answer({ counts: () => counts, jobsLeft: () => queue.left(), memory, eventLoop }, ports);
