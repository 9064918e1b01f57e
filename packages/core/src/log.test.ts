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

it('tells where a fault was thrown, and nothing of its message, whatever that looks like', () => {
  const source = `
    import { reportFault } from ${JSON.stringify(core)};
    const imitation = '\\n    at secret (/of/alice:1:1)\\n    at secret (/of/alice:1:1)';
    reportFault('plain', new TypeError('secret'));
    reportFault('imitated', new TypeError('secret' + imitation));
    // A stack is made of the message when it is first looked at.
    const changed = (error, message) => error.stack && Object.assign(error, { message });
    reportFault('changed', changed(new TypeError('secret' + imitation), 'other'));
    reportFault('emptied', changed(new TypeError(imitation), ''));
    reportFault('without a message', new RangeError());
    reportFault('no stack', Object.assign(new TypeError('secret'), { stack: undefined }));`;
  const lines = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' }).stderr.trimEnd().split('\n');
  const told = lines.map((line) => /^\[tallyman\] fault in (.*) \((\w+)( at file:.*:\d+:\d+)? ?\);/.exec(line)?.slice(1, 4));
  const frame = expect.stringMatching(/^ at file:/);
  expect(told).toEqual([
    ['plain', 'TypeError', frame],
    ['imitated', 'TypeError', frame],
    ['changed', 'TypeError', undefined],
    ['emptied', 'TypeError', undefined],
    ['without a message', 'RangeError', frame],
    ['no stack', 'TypeError', undefined],
  ]);
  expect(lines.join()).not.toMatch(/secret|alice/);
});
