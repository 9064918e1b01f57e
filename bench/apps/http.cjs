// A bare HTTP server that answers the same JSON to everything, and reads bodies.
require('./sized.cjs');
const { createServer } = require('node:http');
const { answer, usage } = require('./answer.mjs');
const { offered } = require('./offered.cjs');

const body = Buffer.from(JSON.stringify({ match: 42, score: 0.93, title: 'Software engineer' }));
const headers = { 'content-type': 'application/json', 'content-length': body.length };

const middleware = offered('middleware');

const server = createServer((request, response) => {
  if (middleware !== undefined) middleware(request, response, () => {});
  if (request.method === 'GET') {
    response.writeHead(200, headers).end(body);
    return;
  }
  request.on('data', () => {});
  request.on('end', () => response.writeHead(200, headers).end(body));
});
server.listen(0, '127.0.0.1', () => answer({ usage }, { port: server.address().port }));
// Longer than the warm-up of all other variants.
server.keepAliveTimeout = 3_600_000;
