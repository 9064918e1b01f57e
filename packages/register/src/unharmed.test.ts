import { beforeAll, expect, test } from 'vitest';
import { type Answered, type Providers, playScript, startExample, startProviders } from './tailorjob.test.data.ts';

let providers: Providers;

/** What must be the same: all but the time. */
function comparable({ request, status, headers, body }: Answered): object {
  const { date: _date, ...rest } = headers;
  return { request, status, headers: rest, body };
}

/** The application's own standard error: without lines of Tallyman and without stack frames, which name files of whoever is in the stack. */
function ownLines(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.startsWith('[tallyman] ') && !/^\s+at /.test(line));
}

/** Both runs use the providers' port of the first, which stands in the bodies of checkouts. */
async function run(isPreloaded: boolean, port?: number): Promise<{ answers: object[]; end: object; stderr: string[] }> {
  providers = await startProviders(port);
  const { app, url } = await startExample({
    entry: 'app.mjs',
    providers,
    isPreloaded,
    env: { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: '0' },
  });
  const answers = (await playScript(url, providers)).map(comparable);
  const end = await app.stop('SIGTERM');
  await providers.close();
  return { answers, end, stderr: ownLines(app.stderr) };
}

let bare: Awaited<ReturnType<typeof run>>;
let preloaded: Awaited<ReturnType<typeof run>>;

beforeAll(async () => {
  bare = await run(false);
  preloaded = await run(true, Number(new URL(providers.url).port));
}, 300_000);

test('the application answers the same with and without the preload: statuses, headers, bodies, in the same order', () => {
  expect(bare.answers.length).toBeGreaterThan(30);
  expect(preloaded.answers).toEqual(bare.answers);
});

test('the application ends the same, and says the same on its standard error', () => {
  expect(preloaded.end).toEqual(bare.end);
  expect(preloaded.stderr).toEqual(bare.stderr);
});
