import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Starts the redis-server of PATH on a free port, without persistence; undefined when there is none. */
export async function startRedis() {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'tallyman-bench-redis-'));
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const remove = () => rm(folder, { recursive: true, force: true });
  const ended = once(child, 'exit');
  try {
    await Promise.race([once(child, 'spawn').then(() => isReady(child)), ended.then(() => Promise.reject(new Error('redis-server ended at its start')))]);
  } catch (error) {
    await remove();
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
  return {
    port,
    async stop() {
      child.kill();
      await ended;
      await remove();
    },
  };
}

async function isReady(child) {
  const { promise, resolve } = Promise.withResolvers();
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    log += text;
    if (log.includes('Ready to accept connections')) resolve();
  });
  await promise;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
