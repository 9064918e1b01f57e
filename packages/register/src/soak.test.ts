import { fileURLToPath } from 'node:url';
import { requireServers, runApp } from '@tallyman/testkit';
import { describe, expect, test } from 'vitest';

const servers = await requireServers('otelcol', 'redis-server');
const bench = fileURLToPath(new URL('../../../bench/run.mjs', import.meta.url));

describe.skipIf(servers.missing)('a minute of mixed traffic, while collector and Redis are killed and come back', () => {
  test('leaves every number exact, the heap flat, the series bounded', { timeout: 300_000 }, async () => {
    const { CI, PATH, TALLYMAN_CACHE } = process.env;
    const soak = await runApp({ entry: bench, args: ['soak', '--minutes', '1'], env: { CI, PATH, TALLYMAN_CACHE } });
    const { code } = await soak.ended;
    expect({ code, output: soak.stdout.match(/^(WRONG .*|\d+ numbers exact.*)$/gm), errors: code === 0 ? '' : soak.stderr }).toEqual({
      code: 0,
      output: [expect.stringMatching(/^\d+ numbers exact/)],
      errors: '',
    });
  });
});
