import { fileURLToPath } from 'node:url';
import { nodeBinary, nodeVersions, runApp } from '@tallyman/testkit';
import { expect, it } from 'vitest';

const entry = fileURLToPath(new URL('./contexts.test.app.mjs', import.meta.url));

it.each(nodeVersions)("runs every listener of a request's body in that request's store, and nothing else, on Node %s", async (version) => {
  const app = await runApp({ entry, nodePath: await nodeBinary(version) });
  expect(await app.ended, app.stderr).toEqual({ code: 0, signal: null });
  expect(JSON.parse(app.stdout)).toEqual({ wrong: [], missing: [], leaks: 0 });
});
