import { readFileSync, type Stats, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';

/** A configuration that cannot be used; its message names file, key and what is allowed. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** The code or class of what was thrown, never its message: a file may throw anything, with a secret in it. */
export function codeOf(thrown: unknown): string {
  try {
    const { code, name } = thrown as { code?: unknown; name?: unknown };
    return [code, name].find((value): value is string => typeof value === 'string' && /^\w{1,50}$/.test(value)) ?? 'no error';
  } catch {
    return 'no error';
  }
}

/** What a configuration file holds, not yet validated; throws a ConfigurationError that names the file and never quotes it. */
export function readConfiguration(file: string): unknown {
  if (stats(file).isDirectory()) throw new ConfigurationError(`TALLYMAN_CONFIG names ${file}, which is a folder; name the file in it`);
  const content = extname(file) === '.json' ? readJson(file) : readModule(file);
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
    if (typeof (content as { then?: unknown }).then !== 'function') return content;
    throw new ConfigurationError(`${file} exports a promise, which is not waited for; export the object itself`);
  }
  const what = content === null ? 'null' : Array.isArray(content) ? 'a list' : content === undefined ? 'nothing' : `a ${typeof content}`;
  throw new ConfigurationError(`${file} holds ${what}; it must hold an object`);
}

function stats(file: string): Stats {
  try {
    return statSync(file);
  } catch (error) {
    const code = codeOf(error);
    throw new ConfigurationError(code === 'ENOENT' ? `TALLYMAN_CONFIG names ${file}, which is not there` : `${file} cannot be read (${code})`);
  }
}

function readJson(file: string): unknown {
  try {
    // Some editors begin a file with a byte order mark, which JSON has not.
    return JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw new ConfigurationError(`${file} cannot be read (${codeOf(error)})`);
    throw new ConfigurationError(`${file} is no valid JSON${/ at position \d+/.exec(error.message)?.[0] ?? ''}`);
  }
}

function readModule(file: string): unknown {
  const loaded: unknown = load(file);
  const isNamespace = process.getBuiltinModule('node:util').types.isModuleNamespaceObject(loaded);
  if (isNamespace && !Object.hasOwn(loaded as object, 'default')) {
    throw new ConfigurationError(`${file} has no default export; write: export default { ... }`);
  }
  return isNamespace || isCompiled(loaded) ? (loaded as { readonly default?: unknown }).default : loaded;
}

/** What TypeScript and others compile an ES module to. */
function isCompiled(loaded: unknown): boolean {
  return typeof loaded === 'object' && loaded !== null && (loaded as { __esModule?: unknown }).__esModule === true && 'default' in loaded;
}

function load(file: string): unknown {
  try {
    return createRequire(file)(file);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ERR_REQUIRE_ASYNC_MODULE') throw new ConfigurationError(`${file} uses top-level await, which a configuration cannot`);
    const isStripped = process.features.typescript !== false;
    if (extname(file) === '.ts' && !isStripped) {
      throw new ConfigurationError(`${file}: Node ${process.versions.node} does not strip types; use .js or .json, or a newer Node`);
    }
    throw new ConfigurationError(`${file} ${code === 'EACCES' ? 'cannot be read' : 'throws when it is loaded'} (${code})`);
  }
}
