import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const core = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'index.js');
const folder = mkdtempSync(join(tmpdir(), 'tallyman-hook-'));

function write(path: string, content: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** A package in both module systems: a class, a factory function, a default export, and a cycle through the hooked file. */
function writePackage(path: string, name: string, version: string): void {
  const classBody = 'post() { return "bare"; }';
  write(`${path}/package.json`, JSON.stringify({ name, version, main: './client.js', exports: { '.': { import: './client.mjs', require: './client.js' } } }));
  write(
    `${path}/client.js`,
    `class Client { ${classBody} }\nfunction create() { return { name: 'bare' }; }\nexports.Client = Client; exports.create = create; exports.default = Client;`,
  );
  write(
    `${path}/client.mjs`,
    `import { helper } from './cycle.mjs';\nexport class Client { ${classBody} }\nexport function create() { return { name: 'bare', helper: helper() }; }\nexport default Client;`,
  );
  write(`${path}/cycle.mjs`, `import { Client } from './client.mjs';\nexport function helper() { return typeof Client; }`);
}

beforeAll(() => {
  writePackage('node_modules/fake-sdk', 'fake-sdk', '2.1.0');
  writePackage('node_modules/nested/node_modules/fake-sdk', 'fake-sdk', '2.9.0');
  writePackage('node_modules/aliased', 'fake-sdk', '2.2.0');
  writePackage('node_modules/old', 'fake-sdk', '1.0.0');
  writePackage('node_modules/other', 'other', '2.1.0');
  writePackage('workspace/sdk', 'fake-sdk', '2.3.0');
  symlinkSync(join(folder, 'workspace/sdk'), join(folder, 'node_modules/linked'));
  write('node_modules/nested/index.js', `module.exports = require('fake-sdk');`);
  write('node_modules/nested/package.json', JSON.stringify({ name: 'nested', version: '1.0.0' }));
  write(
    'preload.cjs',
    `const { installHook } = require(${JSON.stringify(core)});
     const versions = { from: '2.0.0', below: '3.0.0' }, files = ['client.js', 'client.mjs'];
     globalThis.seen = [];
     installHook([{ name: 'fake', rows: [
       { module: 'fake-sdk', versions, files, binding: 'Client', hasDefault: true, how: 'prototype', patch(Client, context) {
         const post = Client.prototype.post; Client.prototype.post = function () { return 'patched ' + post.call(this); }; globalThis.seen.push(context.version + ' ' + context.format); } },
       { module: 'fake-sdk', versions, files, binding: 'create', how: 'replace', patch: (create) => () => Object.assign(create(), { name: 'replaced' }) },
     ] }]);`,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function runApp(file: string, source: string, preload = join(folder, 'preload.cjs')): Promise<{ stdout: string; stderr: string }> {
  write(file, source);
  return await run(process.execPath, ['--require', preload, join(folder, file)], { cwd: folder });
}

describe('the module hook', () => {
  test('patches the CommonJS form: class in place, function replaced', async () => {
    const { stdout } = await runApp('a.cjs', `const { Client, create } = require('fake-sdk'); console.log(new Client().post(), create().name, seen.join());`);
    expect(stdout.trim()).toBe('patched bare replaced 2.1.0 commonjs');
  });

  test('patches the ES form, also through its default export and with an import cycle through the hooked file', async () => {
    const { stdout } = await runApp(
      'a.mjs',
      `import Default, { Client, create } from 'fake-sdk'; console.log(Default === Client, new Client().post(), create().name, create().helper, seen.join());`,
    );
    expect(stdout.trim()).toBe('true patched bare replaced function 2.1.0 module');
  });

  test('patches an ES file that is required', async () => {
    const { stdout } = await runApp(
      'b.cjs',
      `const { Client } = require(${JSON.stringify(join(folder, 'node_modules/fake-sdk/client.mjs'))}); console.log(new Client().post());`,
    );
    expect(stdout.trim()).toBe('patched bare');
  });

  test('patches each of several versions, both module forms, and a package under another folder name, each once', async () => {
    const { stdout } = await runApp(
      'c.mjs',
      `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);
       const esm = await import('fake-sdk'); await import('fake-sdk'); const cjs = require('fake-sdk'); const nested = require('nested'); const aliased = await import('aliased');
       console.log([esm, cjs, nested, aliased].map(({ Client }) => new Client().post()).join(), seen.sort().join());`,
    );
    expect(stdout.trim()).toBe('patched bare,patched bare,patched bare,patched bare 2.1.0 commonjs,2.1.0 module,2.2.0 module,2.9.0 commonjs');
  });

  test('patches the same file once when it is loaded twice under different URLs', async () => {
    const { stdout } = await runApp(
      'd.cjs',
      `const a = require('fake-sdk'); delete require.cache[require.resolve('fake-sdk')]; const b = require('fake-sdk'); console.log(new a.Client().post(), new b.Client().post());`,
    );
    expect(stdout.trim()).toBe('patched bare patched bare');
  });

  test('patches a linked workspace package whose real path has no node_modules', async () => {
    const { stdout } = await runApp('e.mjs', `import { Client } from 'linked'; console.log(new Client().post());`);
    expect(stdout.trim()).toBe('patched bare');
  });

  test('leaves other packages with equal file names alone', async () => {
    const { stdout } = await runApp(
      'f.mjs',
      `import { Client } from 'other'; import { createRequire } from 'node:module'; console.log(new Client().post(), new (createRequire(import.meta.url)('other').Client)().post());`,
    );
    expect(stdout.trim()).toBe('bare bare');
  });

  test('leaves a version out of range alone with one warning that names both', async () => {
    const { stdout, stderr } = await runApp(
      'g.mjs',
      `import { Client } from 'old'; import { createRequire } from 'node:module'; console.log(new Client().post(), new (createRequire(import.meta.url)('old').Client)().post());`,
    );
    expect(stdout.trim()).toBe('bare bare');
    expect(stderr.trim()).toBe('[tallyman] fake-sdk 1.0.0 is not measured: supported are versions >=2.0.0 <3.0.0');
  });

  test('says of a package that was loaded before that it is not measured', async () => {
    write('early.cjs', `require('fake-sdk'); require('./preload.cjs');`);
    const { stdout, stderr } = await runApp('h.cjs', `const { Client } = require('fake-sdk'); console.log(new Client().post());`, join(folder, 'early.cjs'));
    expect(stdout.trim()).toBe('bare');
    expect(stderr).toContain('[tallyman] fake-sdk was loaded before Tallyman and is not measured');
  });

  test.each([
    ['has no exports', '"use strict"; module.exports = null;'],
    ['has frozen exports', '"use strict"; module.exports = Object.freeze({ Client: class {}, create() { return { name: "bare" }; } });'],
    ['exports by getters', '"use strict"; Object.defineProperty(exports, "create", { enumerable: true, get: () => () => ({ name: "bare" }) });'],
  ])('loads a CommonJS file of a later version that %s, and says that it is not measured', async (title, source) => {
    const path = `node_modules/changed-${title.replaceAll(' ', '-')}`;
    write(`${path}/package.json`, JSON.stringify({ name: 'fake-sdk', version: '2.8.0', main: './client.js' }));
    write(`${path}/client.js`, source);
    const { stdout, stderr } = await runApp(
      'k.cjs',
      `const all = require(${JSON.stringify(join(folder, path))}); console.log(all?.create?.().name ?? 'none');`,
    );
    expect(stdout.trim()).toBe(title === 'has no exports' ? 'none' : 'bare');
    expect(stderr).toContain('fake-sdk 2.8.0 is not measured: create could not be patched');
  });

  test('loads a required ES file of a later version that has another name for the binding', async () => {
    write('node_modules/renamed/package.json', JSON.stringify({ name: 'fake-sdk', version: '2.8.0', main: './client.mjs' }));
    write('node_modules/renamed/client.mjs', 'export const other = 1;');
    const { stdout, stderr } = await runApp('l.cjs', `console.log(require('renamed').other);`);
    expect(stdout.trim()).toBe('1');
    expect(stderr).toContain('fake-sdk 2.8.0 is not measured: Client could not be patched');
  });

  test('hooks in a process whose working directory is gone', async () => {
    write(
      'gone.cjs',
      `const fs = require('node:fs'); const gone = fs.mkdtempSync(${JSON.stringify(join(folder, 'gone-'))}); process.chdir(gone); fs.rmdirSync(gone); require('./preload.cjs');`,
    );
    const { stdout } = await runApp('m.cjs', `const { Client } = require('fake-sdk'); console.log(new Client().post());`, join(folder, 'gone.cjs'));
    expect(stdout.trim()).toBe('patched bare');
  });

  test('a patch that throws half way is not made again, so that nothing is wrapped twice', async () => {
    write(
      'half.cjs',
      `const { installHook } = require(${JSON.stringify(core)});
      installHook([{ name: 'fake', rows: [{ module: 'fake-sdk', versions: { from: '2.0.0', below: '3.0.0' }, files: ['client.js', 'client.mjs'], binding: 'Client', how: 'prototype', patch(Client) {
        const post = Client.prototype.post; Client.prototype.post = function () { return 'patched ' + post.call(this); }; throw new TypeError('secret'); } }] }]);`,
    );
    const { stdout, stderr } = await runApp('n.mjs', `import { Client } from 'fake-sdk'; console.log(new Client().post());`, join(folder, 'half.cjs'));
    expect(stdout.trim()).toBe('patched bare');
    expect(stderr.match(/could not be patched/g)).toHaveLength(1);
  });

  test('a file that is loaded again and again takes no more memory of ours each time', async () => {
    const source = `const file = require.resolve('fake-sdk');
      const reload = () => { delete require.cache[file]; return new (require(file).Client)().post(); };
      reload();
      const { patches } = require(${JSON.stringify(core)}).runtime;
      const { length } = patches;
      for (let index = 0; index < 10; index++) console.log(reload());
      console.log(patches.length - length);`;
    const { stdout } = await runApp('o.cjs', source);
    expect(stdout.trim().split('\n')).toEqual([...Array(10).fill('patched bare'), '0']);
  });

  test('a patch that throws leaves the package as it was and says so once', async () => {
    write(
      'throwing.cjs',
      `const { installHook } = require(${JSON.stringify(core)});
      installHook([{ name: 'fake', rows: [{ module: 'fake-sdk', versions: { from: '2.0.0', below: '3.0.0' }, files: ['client.js', 'client.mjs'], binding: 'Client', how: 'prototype', patch() { throw new TypeError('secret'); } }] }]);`,
    );
    const { stdout, stderr } = await runApp('i.mjs', `import { Client } from 'fake-sdk'; console.log(new Client().post());`, join(folder, 'throwing.cjs'));
    expect(stdout.trim()).toBe('bare');
    expect(stderr).toContain('fake-sdk 2.1.0 is not measured: Client could not be patched (TypeError)');
    expect(stderr).not.toContain('secret');
  });
});

describe('the runtime', () => {
  test('is one for several copies, also of another version: what one attributes and records, the other reads', async () => {
    const copy = join(folder, 'copy/node_modules/@tallyman');
    mkdirSync(copy, { recursive: true });
    cpSync(dirname(core), join(copy, 'core/dist'), { recursive: true });
    cpSync(join(dirname(core), '../../catalog/dist'), join(copy, 'catalog/dist'), { recursive: true });
    write(
      'copy/node_modules/@tallyman/core/package.json',
      JSON.stringify({ name: '@tallyman/core', version: '9.9.9', type: 'module', exports: './dist/index.js' }),
    );
    write(
      'copy/node_modules/@tallyman/catalog/package.json',
      JSON.stringify({ name: '@tallyman/catalog', version: '9.9.9', type: 'module', exports: './dist/index.js' }),
    );
    write(
      'copy/app.mjs',
      `import * as ours from ${JSON.stringify(pathToFileURL(core).href)};
       import * as theirs from '@tallyman/core';
       import { queueMetrics } from '@tallyman/catalog';
       ours.withAttribution({ feature: 'f' }, () => console.log(ours !== theirs, theirs.namedFeature()));
       theirs.bindMetrics(queueMetrics).retries(2, { 'queue.name': 'q' });
       console.log(ours.readMetrics().find(({ metric }) => metric.name === queueMetrics.retries.name).points[0].value);`,
    );
    const { stdout } = await run(process.execPath, [join(folder, 'copy/app.mjs')]);
    expect(stdout.trim().split('\n')).toEqual(['true f', '2']);
  });

  test('of another generation makes this copy do nothing, with one line', async () => {
    write('other.cjs', `globalThis[Symbol.for('tallyman.runtime')] = 2;`);
    const { stdout, stderr } = await runApp(
      'j.cjs',
      `const { runtime } = require(${JSON.stringify(core)}); console.log(runtime.active);`,
      join(folder, 'other.cjs'),
    );
    expect(stdout.trim()).toBe('false');
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
