import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { httpMetrics } from '@tallyman/catalog';
import { onRequestEnd } from '@tallyman/core';
import { type Recorded, recordedBy, runApp, waitFor } from '@tallyman/testkit';
import { expect, onTestFinished } from 'vitest';

let ended = 0;
onRequestEnd(() => {
  ended += 1;
});

/** Serves on a free port of the loopback until the test has finished; resolves with the base URL. */
export async function serve(served: RequestListener | Server): Promise<string> {
  const server = typeof served === 'function' ? createServer(served) : served;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What is recorded while the work runs and until as many requests have ended. */
export function measured(requests: number, work: () => unknown): Promise<Recorded> {
  return recordedBy(async () => {
    const before = ended;
    await work();
    await waitFor(
      () => ended - before,
      (seen) => seen >= requests,
      { interval: 1 },
    );
    expect(ended - before).toBe(requests);
  });
}

/** Sends a request and reads the whole response. */
export async function send(url: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
  const response = await fetch(url, init);
  return { status: response.status, text: await response.text() };
}

/** Which route each path counts for, by status: `200 /users/:id`, or `404` alone where there is no route. */
export async function routesOf(url: string, paths: readonly string[]): Promise<Record<string, string>> {
  const routes: Record<string, string> = {};
  for (const path of paths) {
    const recorded = await measured(1, () => send(url + path));
    const durations = recorded.series(httpMetrics.requestDuration).filter(({ count }) => count > 0);
    routes[path] = durations
      .map(({ attributes }) => [attributes['http.response.status_code'], attributes['http.route']].filter((part) => part !== undefined).join(' '))
      .join(', ');
  }
  return routes;
}

/** The routes that an application serves, and the outcomes of patches, when its source runs in a process of its own; a bundled one is reached by no module hook. */
export async function servedBy(source: string, format: 'module' | 'commonjs', isBundled = false): Promise<unknown> {
  const hook = fileURLToPath(new URL('./hook.test.kit.mjs', import.meta.url));
  const args = [`--input-type=${format}`, '-e', source];
  const app = await runApp({ cwd: import.meta.dirname, args, nodeFlags: ['--import', hook], env: { BUNDLED: isBundled ? 'yes' : undefined } });
  expect(await app.ended, app.stderr).toEqual({ code: 0, signal: null });
  return JSON.parse(app.stdout);
}
