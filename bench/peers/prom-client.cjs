// prom-client as its README shows it: default metrics, a histogram of requests by a middleware, and a server for /metrics.
const { offer, peer } = require('./packages.cjs');

const { collectDefaultMetrics, Histogram, register } = peer('prom-client');
collectDefaultMetrics();

const duration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Duration of requests',
  labelNames: ['method', 'route', 'status_code'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
});
offer('middleware', (request, response, next) => {
  const end = duration.startTimer();
  response.on('finish', () => end({ method: request.method, route: request.route?.path ?? '', status_code: response.statusCode }));
  next();
});

// Set where something scrapes.
if (process.env.BENCH_METRICS_PORT !== undefined) {
  const { createServer } = require('node:http');
  const answer = async (_request, response) => response.setHeader('content-type', register.contentType).end(await register.metrics());
  createServer(answer).listen(Number(process.env.BENCH_METRICS_PORT), '127.0.0.1').unref();
}
