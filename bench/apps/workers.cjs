// Starts worker threads of an empty file: one after the other for time and CPU of each, then several at once for their memory.
const { once } = require('node:events');
const { writeSync } = require('node:fs');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');

const WARM_UP = 3;
const WORKERS = 12;
const ALIVE = 6;

async function fromStartToExit() {
  const from = performance.now();
  const worker = new Worker(join(__dirname, 'nothing.cjs'));
  await once(worker, 'exit');
  return performance.now() - from;
}

async function memoryOfEach() {
  const before = process.memoryUsage.rss();
  const workers = Array.from({ length: ALIVE }, () => new Worker(join(__dirname, 'idle.cjs')));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const memory = (process.memoryUsage.rss() - before) / ALIVE;
  for (const worker of workers) worker.postMessage('end');
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  return memory;
}

async function main() {
  for (let number = 0; number < WARM_UP; number++) await fromStartToExit();
  const { user, system } = process.cpuUsage();
  const times = [];
  for (let number = 0; number < WORKERS; number++) times.push(await fromStartToExit());
  const used = process.cpuUsage({ user, system });
  const milliseconds = times.toSorted((a, b) => a - b)[WORKERS >> 1];
  const result = { milliseconds, cpu: (used.user + used.system) / WORKERS, memory: await memoryOfEach() };
  writeSync(1, JSON.stringify(result));
}

main();
