import { fileURLToPath } from 'node:url';
import { featureMetrics, httpMetrics } from '@tallyman/catalog';
import { captureOtlp, nodeBinary, nodeVersions, type OtlpCapture, runApp } from '@tallyman/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const preload = fileURLToPath(new URL('../dist/preload.cjs', import.meta.url));
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
/** What a process has that measuring would add to: listeners of the process, sockets and timers, and files that were loaded. */
const OBSERVE = `const loaded = Object.keys(require.cache).filter((file) => file.includes('register')).length;
  JSON.stringify({ names: process.eventNames().map(String).sort(), resources: process.getActiveResourcesInfo().sort(), loaded })`;

let capture: OtlpCapture;
beforeEach(async () => {
  capture = await captureOtlp();
});
afterEach(() => capture.close());

describe.each(nodeVersions)('on Node %s the preload', (version) => {
  async function run(entry: string): Promise<string> {
    const app = await runApp({ entry: fixture(entry), preload, nodePath: await nodeBinary(version), env: { ...capture.env } });
    expect(await app.ended, app.stderr).toEqual({ code: 0, signal: null });
    return app.stderr;
  }

  test('loads one file, adds no listener, socket or timer to a process that has nothing to measure, and sends nothing', async () => {
    const observe = async (more: { readonly preload?: string }) => {
      const app = await runApp({ args: ['-p', OBSERVE], ...more, nodePath: await nodeBinary(version), env: { ...capture.env } });
      expect(await app.ended, app.stderr).toEqual({ code: 0, signal: null });
      expect(app.stderr).toBe('');
      return JSON.parse(app.stdout) as { loaded: number };
    };
    const bare = await observe({});
    expect(bare.loaded).toBe(0);
    expect(await observe({ preload })).toEqual({ ...bare, loaded: 1 });
    expect(capture.requests).toHaveLength(0);
  });

  test('wakes up for the request of a server that never listened, and counts it once', async () => {
    expect(await run('inner-server.cjs')).toBe('');
    expect(capture.value(httpMetrics.requestDuration.name, {})).toBe(1);
  });

  test("wakes up for a feature that the application's own copy counts", async () => {
    expect(await run('own-copy.mjs')).toBe('');
    expect(capture.value(featureMetrics.usage.name, { feature: 'greeting', outcome: 'ok' })).toBe(1);
  });

  test('wakes up for a framework that announces itself, and knows its routes', async () => {
    expect(await run('announced.cjs')).toBe('');
    expect(capture.value(httpMetrics.requestDuration.name, { 'http.route': '/users/:id' })).toBe(1);
  });
});
