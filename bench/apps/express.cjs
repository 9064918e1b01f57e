// An Express application with a router, a parameter and a JSON answer.
require('./sized.cjs');
const express = require('express');
const { answer, usage } = require('./answer.mjs');
const { offered } = require('./offered.cjs');

const app = express();
const middleware = offered('middleware');
if (middleware !== undefined) app.use(middleware);
const api = express.Router();
api.get('/match/:id', (request, response) => {
  response.json({ match: request.params.id, score: 0.93, title: 'Software engineer' });
});
app.use('/api', api);
const server = app.listen(0, '127.0.0.1', () => answer({ usage }, { port: server.address().port }));
// Longer than the warm-up of all other variants.
server.keepAliveTimeout = 3_600_000;
