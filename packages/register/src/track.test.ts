import { runApp } from '@tallyman/testkit';
import { expect, test } from 'vitest';
import { fixture, linesOf, preload } from './application.test.kit.ts';

async function run(env: Record<string, string>) {
  const app = await runApp({ entry: fixture('events.cjs'), preload, env: { OTEL_METRICS_EXPORTER: 'none', ...env } });
  expect(await app.ended).toEqual({ code: 0, signal: null });
  return app;
}

test('TALLYMAN_TRACK=1 writes one line for each event: fields with clean values, no ids, no users', async () => {
  const app = await run({ TALLYMAN_TRACK: '1', OTEL_LOG_LEVEL: 'error' });
  expect(app.stderr.trim().split('\n')).toEqual([
    '[tallyman] track ai.call operation=chat provider=openai model=gpt-5 served=gpt-5-2026 outcome=ok streamed=true seconds=1.25 input=12 output=34 cache_read=5 usd=0.0000012 price=table feature=cv_parse',
    '[tallyman] track ai.call operation=chat provider=openai model="evil [tallyman] forged=\\"yes\\" [31m" outcome=error error=RateLimitError seconds=0.5 feature="POST /api/match"',
    '[tallyman] track webhook.delivery provider=stripe type=invoice.paid outcome=accepted verification=sdk duplicate=true seconds=0.01',
    '[tallyman] track payment kind=conversion provider=stripe method=card plan=premium amount=10.99 currency=usd',
    '[tallyman] track queue.job queue=cv-queue type=parse system=bullmq outcome=error error=TypeError seconds=2 wait=0.25 feature=cv-queue/parse',
    `[tallyman] track feature.use feature=${'x'.repeat(100)} version=v2 outcome=ok seconds=3`,
  ]);
  expect(app.stderr).not.toMatch(/secret|example\.com/);
});

test.each([[{}], [{ TALLYMAN_TRACK: '' }], [{ TALLYMAN_TRACK: '0' }]])('%o writes none', async (env) => {
  expect((await run(env as Record<string, string>)).stderr).toBe('');
});

test('another value is named, and writes none', async () => {
  expect(linesOf(await run({ TALLYMAN_TRACK: 'yes' }))).toEqual(['[tallyman] TALLYMAN_TRACK=yes must be 0 or 1; using 0']);
});
