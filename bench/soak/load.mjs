// The load of the soak, in a process of its own: `load.mjs EXPRESS_PORT BARE_PORT`. It sends at a steady rate and counts, by
// route and status, every request that it sent: each must be answered.
import { setTimeout as pause } from 'node:timers/promises';
import { answer } from '../apps/answer.mjs';
import { CONNECTIONS, createClient } from './load/client.mjs';
import { createShop } from './load/shop.mjs';

const TICK_MILLISECONDS = 50;
/** Beyond it nothing more is sent: a machine that is too slow gets less load, and the figures say so. */
const MOST_IN_FLIGHT = CONNECTIONS;
const JOBS = [['parse'], ['parse'], ['ask'], ['parse', 'ask', 'parse'], ['retry'], ['parse'], ['fail'], ['parse', 'retry']];

const counts = {};
const count = (name, by = 1) => {
  counts[name] = (counts[name] ?? 0) + by;
};
const client = createClient(process.argv[2], process.argv[3], count);
const shop = createShop(client, count);
const post = (path, route, body) => client.send({ method: 'POST', path, route, body: JSON.stringify(body) });
const get = () => client.send({ server: 'bare', method: 'GET', path: '/', route: '' });
const match = (act) => (number) => post(`/api/match/${number}`, '/api/match/:id', { act });

/** What is sent, and how often a second. */
const traffic = [
  { rate: 160, send: () => get() },
  { rate: 30, send: () => client.send({ server: 'bare', method: 'POST', path: '/', route: '', body: 'x'.repeat(1000) }) },
  { rate: 100, send: (number) => client.send({ method: 'GET', path: `/api/match/${number}`, route: '/api/match/:id' }) },
  { rate: 10, send: (number) => client.send({ method: 'GET', path: `/nowhere/${number}`, route: '' }) },
  { rate: 5, send: () => client.leave('/api/hang', '/api/hang') },
  { rate: 30, send: match('chat') },
  { rate: 6, send: match('stream') },
  { rate: 2, send: match('leave') },
  { rate: 3, send: match('refuse') },
  { rate: 20, send: (number) => post('/api/cv/upload', '/api/cv/upload', { jobs: JOBS[number % JOBS.length] }) },
  { rate: 8, send: (number) => shop.sell(number) },
  { rate: 0.5, send: () => shop.decline() },
  { rate: 1, send: () => shop.forge() },
].map((kind) => ({ ...kind, due: 0, sent: 0 }));

/** Sends for some milliseconds; resolves, when all is answered, with all counts since the process began. */
async function run(milliseconds) {
  const sending = new Set();
  const until = performance.now() + milliseconds;
  let last = performance.now();
  while (performance.now() < until) {
    await pause(TICK_MILLISECONDS);
    const seconds = (performance.now() - last) / 1000;
    last += seconds * 1000;
    for (const kind of traffic) {
      for (kind.due += kind.rate * seconds; kind.due >= 1; kind.due--) {
        if (sending.size >= MOST_IN_FLIGHT) count('not sent');
        else track(sending, kind.send(kind.sent++));
      }
    }
  }
  await Promise.all(sending);
  return counts;
}

function track(sending, work) {
  const tracked = work.finally(() => sending.delete(tracked));
  sending.add(tracked);
}

/** Opens all connections, and sells as fast as it goes, so that the application's bounded memories are full before its heap is watched. */
async function fill(purchases) {
  let left = purchases;
  const lane = async () => {
    await get();
    while (left-- > 0) await shop.sellAtOnce();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  return {};
}

answer({ run, fill });
