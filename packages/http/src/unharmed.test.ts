import { fileURLToPath } from 'node:url';
import { runApp } from '@tallyman/testkit';
import { expect, it } from 'vitest';

async function responses(measured: 'yes' | 'no'): Promise<Record<string, string[]>> {
  const app = await runApp({ entry: fileURLToPath(new URL('./unharmed.test.app.mjs', import.meta.url)), env: { MEASURED: measured } });
  expect(await app.ended, app.stderr).toEqual({ code: 0, signal: null });
  return JSON.parse(app.stdout);
}

it('leaves every byte of the responses but the date as it is: node:http, Express, Fastify', async () => {
  const bare = await responses('no');
  expect(await responses('yes')).toEqual(bare);
  expect(Object.values(bare).map((of) => of.filter((response) => response !== '').length)).toEqual([8, 9, 9]);
});
