// Makes one outgoing request a second, as any exporter over HTTP does, from timers that keep nothing alive.
const { request } = require('node:http');

setInterval(() => {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: url } = process.env;
  const outgoing = request(url, { method: 'POST', headers: { 'content-type': 'text/plain' } }, (response) => response.resume());
  outgoing.on('error', () => {});
  outgoing.end('nothing');
}, 1000).unref();
