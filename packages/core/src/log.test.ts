import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const core = fileURLToPath(new URL('../dist/index.js', import.meta.url));

it('does not end an application whose standard error nobody reads any more', async () => {
  const source = `
    import { log } from ${JSON.stringify(core)};
    for (let turn = 0; turn < 100; turn++) {
      log('info', 'a line before and after it is known that the pipe is closed');
      await new Promise(setImmediate);
    }
    process.exitCode = 7;`;
  const app = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'ignore', 'pipe'] });
  app.stderr.destroy();
  expect(await once(app, 'exit')).toEqual([7, null]);
});

it('writes lines that are bounded in length and in number, without control characters', () => {
  const source = `
    import { log, logOnce } from ${JSON.stringify(core)};
    log('info', 'a\\x1b[31m\\0\\u2028b' + 'x'.repeat(1e6));
    for (let index = 0; index < 5000; index++) logOnce('key ' + index, 'info', 'line ' + index);`;
  const [first = '', ...others] = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' }).stderr.trimEnd().split('\n');
  expect(first).toMatch(/^\[tallyman\] a \[31m bx{900,1000}$/);
  expect(others).toHaveLength(1000);
});
