import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aiMetrics, featureMetrics } from '@tallyman/catalog';
import { type RunningProcess, startProcess } from '@tallyman/testkit';
import { expect, onTestFinished, test } from 'vitest';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const root = fileURLToPath(new URL('../../../', import.meta.url));

async function tallyman(...args: string[]): Promise<RunningProcess> {
  const env = { NODE_OPTIONS: undefined, OTEL_METRIC_EXPORT_INTERVAL: '100' };
  const process = await startProcess({ command: globalThis.process.execPath, args: [main, ...args], cwd: root, env });
  onTestFinished(async () => void (await process.stop('SIGKILL')));
  return process;
}

async function ended(...args: string[]) {
  const process = await tallyman(...args);
  const { code } = await process.ended;
  return { code, stdout: process.stdout, stderr: process.stderr };
}

const topOnce = (script: string, ...args: string[]) => ['top', '--once', '--', process.execPath, '--input-type=module', '-e', script, ...args];

/** An application that exports figures of its own, in the way of OpenTelemetry's SDK. */
const exporting = `
  const point = (feature, more, value) => ({ attributes: Object.entries({ feature, ...more }).map(([key, stringValue]) => ({ key, value: { stringValue } })), asDouble: value });
  const sum = (name, ...dataPoints) => ({ name, sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints } });
  const resource = { attributes: [{ key: 'service.instance.id', value: { stringValue: 'process ' + process.pid } }] };
  const metrics = [
    sum('${featureMetrics.usage.name}', point('cv_parse', { outcome: 'ok' }, 10)),
    sum('${aiMetrics.calls.name}', point('cv_parse', { outcome: 'ok' }, 12)),
    sum('${aiMetrics.cost.name}', point('cv_parse', {}, 0.21)),
  ];
  const exportFigures = () => fetch(process.env.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }),
  });`;

test('the figures of a command are printed when it has ended, below its own output; its exit code is kept', async () => {
  const { code, stdout } = await ended(...topOnce(`${exporting} console.log('at work'); await exportFigures(); process.exitCode = 3;`));
  expect(code).toBe(3);
  expect(stdout).toMatch(/^at work\n/);
  expect(stdout).toMatch(/\ncv_parse +10 +12 +– +\$0\.21 +\$0\.021 /);
  expect(stdout).toMatch(/\ncv_parse costs \$0\.021 a use\n$/);
});

test('the figures of all processes of a command are summed', async () => {
  const script = `import { once } from 'node:events'; import { spawn } from 'node:child_process'; ${exporting}
    await exportFigures();
    if (!process.env.IS_SECOND) await once(spawn(process.execPath, process.execArgv, { env: { ...process.env, IS_SECOND: 'yes' } }), 'close');`;
  expect((await ended(...topOnce(script))).stdout).toMatch(/\ncv_parse +20 +24 +– +\$0\.42 +\$0\.021 /);
});

test('without a terminal the table comes at the end, with or without --once', async () => {
  const [, , ...rest] = topOnce(`${exporting} await exportFigures();`);
  expect((await ended('top', ...rest)).stdout).toMatch(/\ncv_parse costs \$0\.021 a use\n$/);
});

test('the output of the command can go to a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tallyman-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const log = join(folder, 'app.log');
  const [, ...rest] = topOnce(`console.log('to stdout'); console.error('to stderr');`);
  const { stdout } = await ended('top', '--log', log, ...rest);
  expect(readFileSync(log, 'utf8').split('\n').sort()).toEqual(['', 'to stderr', 'to stdout']);
  expect(stdout).toBe('\nNo AI call and no use of a named feature yet.\n');
});

test('all arguments of the command are its own, also those that look like ours', async () => {
  const { stdout } = await ended(...topOnce('console.log(JSON.stringify(process.argv.slice(1)));', '--', '--once', '--help'));
  expect(stdout).toMatch(/^\["--once","--help"\]\n/);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s goes to the command, once, and the figures follow', async (signal) => {
  const script = `${exporting}
    let signals = 0;
    process.on('${signal}', () => { signals += 1; setTimeout(async () => { await exportFigures(); process.exit(40 + signals); }, 100); });
    setInterval(() => {}, 1000); console.log('ready');`;
  const process = await tallyman(...topOnce(script));
  await process.ready(/ready/);
  expect(await process.stop(signal)).toEqual({ code: 41, signal: null });
  expect(process.stdout).toContain('cv_parse costs $0.021 a use');
});

test('a command that a signal ends has the exit code that a shell gives', async () => {
  expect((await ended(...topOnce(`process.kill(process.pid, 'SIGKILL');`))).code).toBe(137);
});

test.each([
  [['top', '--', 'no-such-command'], 127, 'cannot find the command "no-such-command": write it as in a shell, for instance tallyman top -- node app.js'],
  [['top', '--', join(root, 'package.json')], 126, 'to run a script, name its interpreter, for instance tallyman top -- node app.js'],
  [['top'], 2, 'nothing to run: give a command, for instance tallyman top -- node app.js, or --prometheus URL'],
  [['top', '--prometheus', 'localhost:9090'], 2, '"localhost:9090" is no URL of a Prometheus: write for instance http://localhost:9090'],
  [['top', '--prometheus', 'http://localhost:9090', '--', 'node'], 2, 'give a command or --prometheus URL, not both'],
  [['top', '--service', 'shop', '--', 'node'], 2, '--service belongs to --prometheus URL'],
  [['top', '--log', join(root, 'no', 'such', 'folder'), '--', 'node'], 2, 'cannot write the log'],
])('%j: exit code %i and one line', async (args, exitCode, line) => {
  const { code, stderr, stdout } = await ended(...args);
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
  expect(stderr).toMatch(/^\[tallyman\] [^\n]+\n$/);
  expect(stderr).toContain(line);
});

test('a command that exports nothing is told what is needed', async () => {
  const { code, stdout, stderr } = await ended(...topOnce(''));
  expect({ code, stdout }).toEqual({ code: 0, stdout: '\nNo AI call and no use of a named feature yet.\n' });
  expect(stderr).toMatch(/^\[tallyman\] nothing was exported; /);
});

test('an application that knows nothing of Tallyman is measured', async () => {
  expect(existsSync(join(root, 'packages/register/dist/preload.cjs'))).toBe(true);
  const { stdout, stderr } = await ended(...topOnce(askingOpenAi));
  expect(stderr).toBe('');
  expect(stdout).toMatch(/\n\(no feature\) +– +3 +360 +\$0\.\d+ /);
});

/** Three chat completions of 100 and 20 tokens from a server in the same process. */
const askingOpenAi = `
  import { createServer } from 'node:http';
  import OpenAI from 'openai';
  const completion = {
    id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-5-2025-08-07', usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Yes.', refusal: null } }],
  };
  const server = createServer((request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(completion)));
  server.listen(0, '127.0.0.1', async () => {
    const openai = new OpenAI({ apiKey: 'sk-test', baseURL: 'http://127.0.0.1:' + server.address().port + '/v1' });
    for (let count = 0; count < 3; count += 1) await openai.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content: 'Really?' }] });
    server.closeAllConnections();
    server.close();
  });`;
