import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { aiMetrics, httpMetrics } from '@tallyman/catalog';
import { captureOtlp, type OtlpCapture, runApp } from '@tallyman/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tallyman-tarballs-'));
const application = join(folder, 'application');

/** An application that knows nothing of Tallyman: it asks a model when it is asked. */
const APP = `
import { createServer } from 'node:http';
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: 'sk-test' });
createServer(async (request, response) => {
  const answer = await client.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content: 'hello' }] });
  response.end(answer.choices[0].message.content);
}).listen(0, '127.0.0.1', function () { console.log('listening on http://127.0.0.1:' + this.address().port); });
`;

let provider: Server;
let capture: OtlpCapture;

beforeAll(async () => {
  await run(process.execPath, ['scripts/pack.mjs', join(folder, 'tarballs')], { cwd: root });
  mkdirSync(application);
  writeFileSync(join(application, 'package.json'), JSON.stringify({ name: 'stranger', version: '3.2.1', private: true, type: 'module' }));
  writeFileSync(join(application, 'app.js'), APP);
  const tarballs = readdirSync(join(folder, 'tarballs')).map((name) => join(folder, 'tarballs', name));
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', 'openai@^7', ...tarballs], {
    cwd: application,
    shell: process.platform === 'win32',
  });
  provider = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json');
      const choices = [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }];
      response.end(
        JSON.stringify({
          id: 'c',
          object: 'chat.completion',
          created: 1,
          model: 'gpt-5',
          choices,
          usage: { prompt_tokens: 1_000_000, completion_tokens: 0, total_tokens: 1_000_000 },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  capture = await captureOtlp();
}, 300_000);

afterAll(async () => {
  provider?.close();
  await capture?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the tarballs, installed beside an application outside the repository, measure it, prices included', async () => {
  const app = await runApp({
    entry: 'app.js',
    cwd: application,
    nodeFlags: ['--require', '@tallyman/register'],
    env: { ...capture.env, OPENAI_BASE_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1` },
  });
  const [, url = ''] = await app.ready(/listening on (\S+)/);
  expect(await (await fetch(url)).text()).toBe('hi');
  expect(await app.stop('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
  expect(app.stderr).toBe('');
  expect(capture.resources()[0]).toMatchObject({ 'service.name': 'stranger', 'service.version': '3.2.1' });
  expect(capture.value(httpMetrics.requestDuration.name, {})).toBe(1);
  expect(capture.value(aiMetrics.inputTokens.name, { 'gen_ai.request.model': 'gpt-5' })).toBe(1_000_000);
  expect(capture.value(aiMetrics.cost.name, { 'cost.source': 'table' })).toBeGreaterThan(0);
});

test('the command of the package tallyman is there', async () => {
  const { stdout } = await run(process.execPath, [join(application, 'node_modules/tallyman/dist/main.js'), '--help'], { cwd: application });
  expect(stdout).toContain('top');
});

test('the types of the tarballs check a configuration, by the declarations alone', async () => {
  const check = async (name: string, configuration: string): Promise<string> => {
    writeFileSync(join(application, name), `import { defineConfig } from '@tallyman/register/config';\nexport default defineConfig(${configuration});\n`);
    const flags = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext', '--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
    return run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...flags, name], { cwd: application }).then(
      () => '',
      ({ stdout }: { readonly stdout: string }) => stdout,
    );
  };
  const parts =
    "user: (request) => request.user?.id, ai: { prices: './prices.json' }, webhooks: { plans: { a: 'b' } }, queues: { depth: 'on' }, http: false, caps: { routes: 5 }";
  expect(await check('good.ts', `{ features: { cv_parse: { routes: ['POST /cv'] } }, ${parts} }`)).toBe('');
  expect(await check('bad.ts', "{ webhooks: { plans: { a: 5 } }, ai: { price: '' }, queues: { depth: 'sometimes' } }")).toMatch(/bad\.ts\(2,\d+\): error TS/);
}, 60_000);
