/**
 * Writes what is generated from the catalog: dashboards, rules, tables in documents. Run by `npm run generate`, after the build.
 * With `--check` it writes nothing, names every file that is not as it would be written, and exits with 1.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from '../packages/provisioning/dist/index.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The domains that have adapters, with the README's words for what they measure. */
const DOMAINS = { ai: 'AI calls', webhooks: 'Payment webhooks', queues: 'Job queues', http: 'Routes of HTTP' };

function read(path) {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function domains() {
  return Promise.all(Object.entries(DOMAINS).map(async ([name, title]) => ({ title, adapters: await adaptersOf(name) })));
}

/** The list that a domain's package exports. A package that has none, or is not built, makes this run fail, but not without the other files. */
async function adaptersOf(name) {
  const file = `packages/${name}/dist/index.js`;
  const { adapters } = existsSync(join(root, file)) ? await import(new URL(`../${file}`, import.meta.url).href) : {};
  if (adapters) return adapters;
  console.error(`${file} exports no adapters: build it, or README.md will lack them`);
  process.exitCode = 1;
  return [];
}

/** The rows that the tests of the preload's end run. */
async function ends() {
  return { ...(await import('../packages/register/dist/ends/rows.js')), ...(await import('../packages/register/dist/ends/collectors.js')) };
}

/** The rows that the tests of processes run. */
async function processes() {
  const { processRows } = await import('../packages/register/dist/processes/index.js');
  return processRows;
}

const changed = (await generatedFiles({ read, domains, ends, processes })).filter(({ path, content }) => read(path) !== content);

if (process.argv.includes('--check')) {
  for (const { path } of changed) console.error(`${path} is not what its source says: run "npm run generate"`);
  if (changed.length > 0) process.exitCode = 1;
} else {
  for (const { path, content } of changed) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    console.log(`wrote ${path}`);
  }
}
