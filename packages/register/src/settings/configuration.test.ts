import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aiMetrics, httpMetrics, queueMetrics, selfMetrics, webhookMetrics } from '@tallyman/catalog';
import { bindMetrics, type Caps, readMetrics, runtime } from '@tallyman/core';
import { captureOtlp, nodeBinary, type OtlpCapture, runApp } from '@tallyman/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fixture, linesOf, preload, startApplication } from '../application.test.kit.ts';
import { schema, validateConfiguration } from './validate.ts';
import { VARIABLES } from './variables.ts';

const documentation = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');
/** The first column of every row of every table of the page. */
const documented = [...documentation.matchAll(/^\| (`.*?) *\|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));

interface Walked {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Walked>>;
  readonly wrapped?: Walked;
  readonly value?: Walked;
  readonly options?: readonly (Walked | string)[];
  readonly pipe?: readonly Walked[];
}

/** The path of every key that a configuration may hold, `<name>` for names that users choose. */
function keysOf(walked: Walked, path: string): string[] {
  if (walked.wrapped !== undefined) return keysOf(walked.wrapped, path);
  const objects =
    walked.type === 'union' ? (walked.options ?? []).filter((option): option is Walked => typeof option === 'object' && option.entries !== undefined) : [];
  const within = [walked, ...objects].flatMap(({ entries = {} }) =>
    Object.entries(entries).flatMap(([key, entry]) => keysOf(entry, path === '' ? key : `${path}.${key}`)),
  );
  const record = walked.type === 'record' ? walked : walked.pipe?.find(({ type }) => type === 'record');
  const named = record?.value === undefined ? [] : keysOf(record.value, `${path}.<name>`);
  return [...(path === '' ? [] : [path]), ...within, ...named];
}

const cap = (name: string) => ({
  [`caps.${name}`]: [
    [{ caps: { [name]: 0 } }, `caps.${name} must be at least 1`],
    [{ caps: { [name]: 1.5 } }, `caps.${name} must be a whole number`],
    [{ caps: { [name]: 1e6 } }, `caps.${name} must be at most 10000`],
    [{ caps: { [name]: '5' } }, `caps.${name} must be number, not "5"`],
  ] as const,
});

/** For every key what it refuses, and what is said; a new key of the schema needs a row. */
const refused: Readonly<Record<string, readonly (readonly [unknown, string])[]>> = {
  features: [
    [{ features: 'cv' }, 'features must be Object, not "cv"'],
    [{ feature: {} }, 'feature is not known; allowed are features, user, ai, webhooks, queues, http, budget, exportAppMetrics, caps'],
  ],
  'features.<name>': [
    [{ features: { cv: true } }, 'features.cv must be Object, not true'],
    [{ features: { '': {} } }, 'features. must not be empty'],
    [{ features: { cv: { route: [] } } }, 'features.cv.route is not known; allowed are routes, jobs, version'],
  ],
  'features.<name>.routes': [
    [{ features: { cv: { routes: 'POST /cv' } } }, 'features.cv.routes must be Array, not "POST /cv"'],
    [{ features: { cv: { routes: ['/cv'] } } }, 'features.cv.routes.0 must be written METHOD /template, such as POST /api/match/:id'],
    [{ features: { a: { routes: ['GET /'] }, b: { routes: ['GET /'] } } }, 'features must not name a route or job in two features: GET / (a and b)'],
  ],
  'features.<name>.jobs': [[{ features: { cv: { jobs: ['queue/job', ''] } } }, 'features.cv.jobs.1 must not be empty']],
  'features.<name>.version': [[{ features: { cv: { version: 5 } } }, 'features.cv.version must be string, not 5']],
  user: [[{ user: 'id' }, 'user must be a function of the request that gives the id of its user']],
  ai: [[{ ai: { price: '' } }, 'ai.price is not known; allowed are prices, estimate']],
  'ai.prices': [[{ ai: { prices: '' } }, 'ai.prices must be the path of a price file']],
  'ai.estimate': [[{ ai: { estimate: 'yes' } }, 'ai.estimate must be boolean, not "yes"']],
  webhooks: [[{ webhooks: { plan: {} } }, 'webhooks.plan is not known; allowed are strict, plans, earns, paths']],
  'webhooks.strict': [[{ webhooks: { strict: 1 } }, 'webhooks.strict must be boolean, not 1']],
  'webhooks.plans': [[{ webhooks: { plans: 'premium' } }, 'webhooks.plans must be Object, not "premium"']],
  'webhooks.plans.<name>': [[{ webhooks: { plans: { price_1: '' } } }, 'webhooks.plans.price_1 must not be empty']],
  'webhooks.earns': [[{ webhooks: { earns: 5 } }, 'webhooks.earns must be Object, not 5']],
  'webhooks.earns.<name>': [[{ webhooks: { earns: { premium: 5 } } }, 'webhooks.earns.premium must be Object, not 5']],
  'webhooks.earns.<name>.<name>': [[{ webhooks: { earns: { premium: { cv: -1 } } } }, 'webhooks.earns.premium.cv must not be negative']],
  'webhooks.paths': [[{ webhooks: { paths: '/hooks' } }, 'webhooks.paths must be Object, not "/hooks"']],
  'webhooks.paths.<name>': [[{ webhooks: { paths: { yookassa: 'hooks' } } }, 'webhooks.paths.yookassa must start with /']],
  queues: [[{ queues: { depths: 'on' } }, 'queues.depths is not known; allowed are depth, generations']],
  'queues.depth': [[{ queues: { depth: true } }, 'queues.depth is true; allowed are ("on" | "off")']],
  'queues.generations': [[{ queues: { generations: ['image'] } }, 'queues.generations must map queues to types']],
  'queues.generations.<name>': [[{ queues: { generations: { q: '' } } }, 'queues.generations.q must not be empty']],
  http: [
    [{ http: true }, 'http must be false or an object with ignorePaths, a list of paths that start with / and have no query'],
    [{ http: { paths: [] } }, 'http must be false or an object with ignorePaths, a list of paths that start with / and have no query'],
  ],
  'http.ignorePaths': [[{ http: { ignorePaths: ['health'] } }, 'http.ignorePaths.0 must be a path: it starts with / and has no query']],
  budget: [[{ budget: { usd: 1 } }, 'budget.usd is not known; allowed are monthlyUsd']],
  'budget.monthlyUsd': [[{ budget: { monthlyUsd: -1 } }, 'budget.monthlyUsd must not be negative']],
  exportAppMetrics: [[{ exportAppMetrics: 'yes' }, 'exportAppMetrics must be boolean, not "yes"']],
  caps: [[{ caps: { users: 1 } }, 'caps.users is not known; allowed are features, models, eventTypes, queues, jobTypes, errorTypes, routes']],
  ...cap('features'),
  ...cap('models'),
  ...cap('eventTypes'),
  ...cap('queues'),
  ...cap('jobTypes'),
  ...cap('errorTypes'),
  ...cap('routes'),
};

describe('a key of the configuration', () => {
  const keys = keysOf(schema as unknown as Walked, '');

  test('has a row in the table of what is refused, each of them', () => {
    expect(Object.keys(refused).sort()).toEqual(keys.sort());
  });

  test.each(Object.entries(refused).flatMap(([key, cases]) => cases.map(([input, problem]) => ({ key, input, problem }))))(
    '$key: $problem',
    ({ input, problem }) => {
      expect(validateConfiguration(input).problems).toEqual([problem]);
    },
  );

  test('has a row in docs/configuration.md, each of them', () => {
    const undocumented = keys.filter((key) => !documented.some((name) => name === key || name?.startsWith(`${key}.`)));
    expect(undocumented).toEqual([]);
  });

  test('is named with nine others at most, and quoted only in short', () => {
    const { problems } = validateConfiguration(Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`${index}${'k'.repeat(500)}`, 1])));
    expect(problems).toEqual([expect.stringMatching(/^0kk.* and 20 more are not known; allowed are features, /)]);
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`price_${index}`, '']));
    expect(validateConfiguration({ webhooks: { plans: many } }).problems).toHaveLength(11);
    expect(validateConfiguration({ webhooks: { plans: many } }).problems.at(-1)).toBe('and 20 more');
    expect(problems.join('; ').length).toBeLessThan(1500);
    expect(validateConfiguration({ queues: { depth: 'x'.repeat(500) } }).problems[0]?.length).toBeLessThan(150);
  });
});

describe('every environment variable', () => {
  /** What the packages hold that are loaded into an application, without tests and what only those use. */
  const sources = ['catalog', 'core', 'ai', 'webhooks', 'queues', 'http', 'features', 'register'].flatMap((name) => {
    const folder = fileURLToPath(new URL(`../../../${name}/src/`, import.meta.url));
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.ts$/.test(file) && !/\.(test|kit|data)\.|^processes\/|rows\.ts$/.test(file))
      .map((file) => ({ file: `${name}/${file}`, text: readFileSync(join(folder, file), 'utf8') }));
  });
  /** In code alone: comments name variables too. */
  const code = sources.map(({ file, text }) => ({ file, text: text.replaceAll(/^\s*(\/?\*|\/\/).*$/gm, '') }));

  test('that is read has a row in docs/configuration.md, and none but those', () => {
    expect(documented.filter((name) => /^(OTEL|TALLYMAN)_/.test(name ?? '')).sort()).toEqual([...VARIABLES].sort());
    const read = code.flatMap(({ text }) =>
      [...text.matchAll(/\benv\.([A-Z]\w+)|\b((?:OTEL|TALLYMAN)_[A-Z_]*[A-Z])\b/g)].map(([, dotted, named]) => dotted ?? named),
    );
    expect(read.filter((name) => !(VARIABLES as readonly (string | undefined)[]).includes(name))).toEqual([]);
    expect(new Set(read).size).toBeGreaterThan(30);
  });

  test('is read by the name that settings/variables.ts has for it', () => {
    const whole = code.filter(({ text }) => /process\.env\b(?!\.[A-Z])|\benv\b[^;=]*\} = process\b|process\[/.test(text)).map(({ file }) => file);
    // post.ts hands the environment on to a process of its own.
    expect(whole.sort()).toEqual(['register/ends/post.ts', 'register/settings/variables.ts']);
  });
});

const folder = mkdtempSync(join(tmpdir(), 'tallyman-configuration-'));
const write = (name: string, content: string): string => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};
let capture: OtlpCapture;
beforeEach(async () => {
  capture = await captureOtlp();
});
afterEach(() => capture.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const requests = (): number => capture.value(httpMetrics.requestDuration.name, {}) ?? 0;
/** A configuration whose effect can be seen: /health is left out. */
const object = "{ http: { ignorePaths: ['/health'] } }";

describe('a configuration file', () => {
  beforeAll(() => {
    mkdirSync(join(folder, 'folder.mjs'));
    mkdirSync(join(folder, 'module', 'below', 'further'), { recursive: true });
    write('module/package.json', '{ "type": "module" }');
  });

  test.each([
    ['an ES module', 'good.mjs', `export default ${object};`],
    ['a CommonJS module', 'good.cjs', `module.exports = ${object};`],
    ['a .js file that is CommonJS', 'good.js', `module.exports = ${object};`],
    ['a .js file of an ES package', 'module/good.js', `export default ${object};`],
    ['what TypeScript compiles to CommonJS', 'compiled.cjs', `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = ${object};`],
    ['JSON', 'good.json', '{ "http": { "ignorePaths": ["/health"] } }'],
    ['JSON with a byte order mark', 'marked.json', '\uFEFF{ "http": { "ignorePaths": ["/health"] } }'],
    ['TypeScript', 'good.ts', `interface Of { readonly http: object }\nexport default ${object} satisfies Of;`],
  ])('may be %s', async (_what, name, content) => {
    const { app, url } = await startApplication({ env: { ...capture.env, OTEL_METRIC_EXPORT_INTERVAL: '200', TALLYMAN_CONFIG: write(name, content) } });
    await fetch(`${url}/health`);
    await fetch(`${url}/other`);
    await capture.until(() => requests() > 0);
    await app.stop();
    expect(linesOf(app)).toEqual([]);
    expect(requests()).toBe(1);
  });

  test('is found from the working directory upwards', async () => {
    write('module/tallyman.config.js', `export default ${object};`);
    const { app, url } = await startApplication({ env: { ...capture.env }, cwd: join(folder, 'module', 'below', 'further') });
    await fetch(`${url}/health`);
    await app.stop();
    expect(requests()).toBe(0);
  });

  test.each([
    ['absent.json', undefined, /^TALLYMAN_CONFIG names \S+absent\.json, which is not there\./],
    ['folder.mjs', undefined, /^TALLYMAN_CONFIG names \S+folder\.mjs, which is a folder; name the file in it\./],
    [
      'unknown-key.json',
      '{ "features": { "match": { "routez": [] } } }',
      /unknown-key\.json: features\.match\.routez is not known; allowed are routes, jobs, version\./,
    ],
    [
      'bad-values.mjs',
      "export default { queues: { depth: 'sometimes' }, caps: { features: 0 } };",
      /queues\.depth is "sometimes"; .*; caps\.features must be at least 1\./,
    ],
    ['broken.json', '{', /broken\.json is no valid JSON/],
    ['empty.json', '', /empty\.json is no valid JSON/],
    ['list.json', '[]', /list\.json holds a list; it must hold an object\./],
    ['null.mjs', 'export default null;', /null\.mjs holds null; it must hold an object\./],
    ['function.cjs', 'module.exports = () => ({});', /function\.cjs holds a function; it must hold an object\./],
    ['waiting.mjs', 'await 1; export default {};', /waiting\.mjs uses top-level await, which a configuration cannot\./],
    ['promise.mjs', 'export default Promise.resolve({});', /promise\.mjs exports a promise, which is not waited for; export the object itself\./],
    ['named.mjs', 'export const config = {};', /named\.mjs has no default export; write: export default \{ \.\.\. \}\./],
    ['broken.mjs', 'export default {', /broken\.mjs throws when it is loaded \(SyntaxError\)\./],
    ['throwing.cjs', "throw new TypeError('secret');", /throwing\.cjs throws when it is loaded \(TypeError\)\./],
    ['throwing-nothing.cjs', 'throw null;', /throwing-nothing\.cjs throws when it is loaded \(no error\)\./],
    ['missing.cjs', "require('secret-package');", /missing\.cjs throws when it is loaded \(MODULE_NOT_FOUND\)\./],
    ['getter.mjs', "export default { get http() { throw new RangeError('secret'); } };", /getter\.mjs throws when it is read \(RangeError\)\./],
    [
      'circular.cjs',
      'const c = { features: {} }; c.features.self = c; module.exports = c;',
      /features\.self\.features is not known; allowed are routes, jobs, version\./,
    ],
    ['enum.ts', 'enum A { B }; export default { http: A };', /enum\.ts throws when it is loaded \(ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX\)\./],
    ['polluting.json', '{ "__proto__": { "http": false }, "constructor": 1 }', /__proto__, constructor are not known; allowed are features, /],
  ])('that cannot be used (%s) gets one line, and the application runs as without Tallyman', async (name, content, line) => {
    if (content !== undefined) write(name, content);
    const app = await runApp({ entry: fixture('server.cjs'), preload, env: { ...capture.env, TALLYMAN_CONFIG: join(folder, name) } });
    const [, url = ''] = await app.ready(/listening on (\S+)/);
    expect((await fetch(`${url}/exit`)).status).toBe(200);
    expect(await app.ended).toEqual({ code: 3, signal: null });
    const [said = '', ...more] = linesOf(app);
    expect(said.slice('[tallyman] '.length)).toMatch(line);
    expect(said).toMatch(/\. The application starts without Tallyman\.$/);
    expect([more, said.includes('secret'), app.stderr.trim()]).toEqual([[], false, said]);
    expect(capture.requests).toHaveLength(0);
  });

  test.skipIf(process.getuid?.() === 0)('that may not be read gets one line', async () => {
    const file = write('unreadable.json', '{}');
    chmodSync(file, 0);
    const { app } = await startApplication({ env: { TALLYMAN_CONFIG: file } });
    await app.stop();
    expect(linesOf(app)).toEqual([expect.stringMatching(/unreadable\.json cannot be read \(EACCES\)\. The application starts without Tallyman\.$/)]);
  });

  test('in TypeScript gets one line on a Node that does not strip types', async () => {
    const nodePath = await nodeBinary('22.15.0');
    const { app } = await startApplication({
      nodePath,
      env: { ...capture.env, TALLYMAN_CONFIG: write('typed.ts', `const config: object = ${object};\nexport default config;`) },
    });
    await app.stop();
    expect(linesOf(app)).toEqual([
      expect.stringMatching(/typed\.ts: Node 22\.15\.0 does not strip types; use \.js or \.json, or a newer Node\. The application/),
    ]);
  });
});

describe('the configuration does what it says:', () => {
  const run = async (configuration: object, paths: readonly string[], env: Record<string, string> = {}) => {
    const file = write('behaviour.json', JSON.stringify(configuration));
    const { app, url } = await startApplication({ env: { ...capture.env, OTEL_METRIC_EXPORT_INTERVAL: '200', TALLYMAN_CONFIG: file, ...env } });
    for (const path of paths) await fetch(`${url}${path}`);
    const before = capture.requests.length;
    await capture.until(() => capture.requests.length > before + 1);
    await app.stop();
    expect(linesOf(app)).toEqual([]);
  };

  test('http.ignorePaths leaves exactly these paths out, whatever their query', async () => {
    await run({ http: { ignorePaths: ['/health', '/'] } }, ['/health', '/health?full=1', '/', '/healthy', '/health/']);
    expect(requests()).toBe(2);
  });

  test('http: false records no HTTP metrics', async () => {
    await run({ http: false, features: { home: { routes: ['GET /'] } } }, ['/', '/a']);
    expect(capture.series().filter(({ name }) => name.startsWith('http'))).toEqual([]);
  });

  test('exportAppMetrics keeps a MeterProvider that is registered later from reporting', async () => {
    const env = { ...capture.env, THEIRS: 'http://127.0.0.1:9', OTEL_METRIC_EXPORT_INTERVAL: '200', TALLYMAN_CONFIG: fixture('export-app-metrics.json') };
    const { app, url } = await startApplication({ entry: fixture('own-sdk.cjs'), env });
    for (const path of ['/start', '/own']) await fetch(`${url}${path}`);
    await capture.until(() => capture.value('app.own') === 1 && requests() === 2);
    await app.stop();
    expect(linesOf(app)).toEqual([]);
  });

  test('caps bound the values of an attribute for the life of the process, and count what is beyond', async () => {
    const configuration = join(folder, 'caps.json');
    writeFileSync(configuration, JSON.stringify({ caps: { routes: 3 } }));
    const { app, url } = await startApplication({ entry: fixture('routes.cjs'), env: { ...capture.env, TALLYMAN_CONFIG: configuration } });
    for (let route = 0; route < 8; route++) await fetch(`${url}/route-${route}`);
    await app.stop();
    const routes = new Set(capture.series(httpMetrics.requestDuration.name).map(({ attributes }) => attributes['http.route']));
    expect(routes).toEqual(new Set(['/route-0', '/route-1', '/route-2', '_OTHER']));
    expect(capture.value(httpMetrics.requestDuration.name, { 'http.route': '_OTHER' })).toBe(5);
    expect(capture.value(selfMetrics.capped.name, { metric: httpMetrics.requestDuration.name, attribute: 'http.route' })).toBe(5);
  });
});

describe('caps', () => {
  const ai = bindMetrics(aiMetrics);
  const queues = bindMetrics(queueMetrics);
  const call = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'models-0', outcome: 'ok' } as const;
  const job = { 'queue.name': 'mail', 'job.type': 'send', 'queue.system': 'bullmq', outcome: 'ok' } as const;
  const records: { readonly [C in keyof Required<Caps>]: readonly [metric: string, attribute: string, record: (value: string) => void] } = {
    features: [aiMetrics.calls.name, 'feature', (feature) => ai.calls(1, { ...call, feature })],
    models: [aiMetrics.calls.name, 'gen_ai.request.model', (model) => ai.calls(1, { ...call, 'gen_ai.request.model': model })],
    eventTypes: [
      webhookMetrics.received.name,
      'webhook.event_type',
      (type) =>
        bindMetrics(webhookMetrics).received(1, {
          'webhook.provider': 'stripe',
          'webhook.event_type': type,
          outcome: 'accepted',
          'webhook.verification': 'sdk',
        }),
    ],
    queues: [queueMetrics.retries.name, 'queue.name', (queue) => queues.retries(1, { 'queue.name': queue })],
    jobTypes: [queueMetrics.jobDuration.name, 'job.type', (type) => queues.jobDuration(1, { ...job, 'job.type': type })],
    errorTypes: [queueMetrics.failures.name, 'error.type', (type) => queues.failures(1, { 'queue.name': 'mail', 'error.type': type })],
    routes: [
      httpMetrics.requestDuration.name,
      'http.route',
      (route) => bindMetrics(httpMetrics).requestDuration(1, { 'http.request.method': 'GET', 'url.scheme': 'http', 'http.route': route }),
    ],
  };

  test.each(Object.entries(records))('%s bounds the values of its attribute', (name, [metric, attribute, record]) => {
    runtime.registry.caps = { [name]: 2 };
    for (let value = 0; value < 5; value++) record(`${name}-${value}`);
    const points = readMetrics().find((reading) => reading.metric.name === metric)?.points ?? [];
    const values = new Set(points.map(({ attributes }) => attributes[attribute]).filter((value) => String(value).startsWith(name) || value === '_OTHER'));
    expect(values).toEqual(new Set([`${name}-0`, `${name}-1`, '_OTHER']));
  });
});
