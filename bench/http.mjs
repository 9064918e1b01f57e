import { appFile, startApp, startBeside } from './child.mjs';
import { alternateSlices } from './measure.mjs';

const SLICE_MILLISECONDS = 100;

const get = (path) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: application/json\r\n\r\n`;
const post = (path, body) =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

const workloads = [
  { workload: 'node:http, GET', file: 'http.cjs', request: get('/api/match/42') },
  { workload: 'node:http, POST of 1 kB', file: 'http.cjs', request: post('/api/match/42', 'x'.repeat(1000)) },
  { workload: 'Express 5, GET', file: 'express.cjs', request: get('/api/match/42') },
];

export const http = {
  name: 'http',
  isWithin: true,
  isScraped: true,
  title: 'HTTP server: throughput with 32 kept-alive connections, and CPU of the server',
  measures: [
    { label: 'throughput', unit: '1/s', digits: 0, value: ({ requests, milliseconds }) => (requests / milliseconds) * 1000, compare: ['kept'] },
    { label: 'CPU per request', unit: 'us', digits: 2, value: ({ cpu, requests }) => cpu / requests, compare: ['ratio', 'added'] },
    { label: 'RSS', unit: 'MB', digits: 0, value: ({ memory }) => memory / 1e6, compare: ['added'] },
  ],
  repetitions: { normal: 3, quick: 2 },

  async run(context, say) {
    const load = await startBeside(appFile('load.mjs'));
    try {
      const results = [];
      for (const { workload, file, request } of workloads) {
        say(workload);
        const measurements = await alternateSlices(context.of(workload), {
          start: (variant) => startServer(variant, context, file, load),
          slice: (app) => underLoad(app, load, request),
        });
        results.push({ workload, measurements });
      }
      return results;
    } finally {
      await load.stop();
    }
  },
};

/** Ports are used again by later servers, so the load forgets its connections when a server ends. */
async function startServer(variant, { sink }, file, load) {
  const app = await startApp(variant, sink, appFile(file));
  return {
    ...app,
    async stop() {
      await app.stop();
      await load.ask('forget', { port: app.hello.port });
    },
  };
}

async function underLoad(app, load, request) {
  const before = await app.ask('usage');
  const answered = await load.ask('load', { port: app.hello.port, request, milliseconds: SLICE_MILLISECONDS });
  const after = await app.ask('usage');
  return { ...answered, cpu: after.cpu - before.cpu, memory: after.memory };
}
