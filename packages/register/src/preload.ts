import { channel } from 'node:diagnostics_channel';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineLazyRuntime, GENERATION_KEY, keepTimers, type ModuleHandler, moduleHandlers, writeLine } from '@tallyman/core/early';
import type { LoadedConfiguration, loadConfiguration } from './settings/configuration-file.ts';
import { isDisabled, text, wantsTraces } from './settings/variables.ts';
import type { startMeasuring } from './start.ts';
import { version } from './version.ts';

// This file runs at the start of every process, of build tools and scripts too: it looks out for something to measure, and loads all else then.
// Each import counts: node:worker_threads alone takes as long as all of this.

/** Filled in by build.mjs from the adapters: for each name of a hooked file the ends of its paths and the package that it belongs to. */
declare const HOOKED_FILES: Readonly<Record<string, readonly { readonly tail: string; readonly module: string }[]>>;
/** Filled in by build.mjs from the adapters: the diagnostics channels on which libraries announce themselves. */
declare const ANNOUNCEMENTS: readonly string[];

const PRELOAD_KEY = Symbol.for('tallyman.preload');
const LISTEN = 'tracing:net.server.listen:asyncStart';
const CONFIGURATION_FILES = ['js', 'mjs', 'cjs', 'ts', 'json'].map((extension) => `tallyman.config.${extension}`);

const global = globalThis as { [PRELOAD_KEY]?: string; [GENERATION_KEY]?: number };
// Under another name: the bundler would follow a `require` of these files. Beside a loader that gives the sources of CommonJS files, Node may hand this one a
// `require` without a cache, whose files that loader would see; one of our own, made at every start, would take up to 0.2 ms of it.
const load = require.cache === undefined ? createRequire(__filename) : require;
const hookedFiles = new Map(Object.entries(HOOKED_FILES));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

// The first ones with `module.registerHooks`.
if (major < 22 || (major === 22 && minor < 15) || (major === 23 && minor < 5)) {
  // Once a process: threads run preloads too.
  if (!isThread()) say(`Node ${process.versions.node} is too old: Tallyman needs 22.15, 23.5 or newer and does nothing.`);
} else if (!isInternalThread()) {
  try {
    start();
  } catch (error) {
    sayUnusable('started', error);
  }
}

/** Only threads other than the main one have functions of `process` that are disabled. */
function isThread(): boolean {
  return (process.chdir as { readonly disabled?: boolean }).disabled === true;
}

/** Node's own loader threads run preloads too. */
function isInternalThread(): boolean {
  return isThread() && process.getBuiltinModule('node:worker_threads').isInternalThread;
}

function start(): void {
  if (isDisabled()) return;
  const running = global[PRELOAD_KEY];
  if (running !== undefined) {
    if (running !== version) say(`versions ${running} and ${version} of @tallyman/register are both preloaded: ${running} runs; name one of them`);
    return;
  }
  Object.defineProperty(global, PRELOAD_KEY, { value: version });
  keepTimers();
  const file = findConfiguration();
  const { configuration, problem } = file === undefined ? { configuration: {} } : loadFrom(file);
  if (configuration === undefined) {
    say(`${problem}. The application starts without Tallyman.`);
    return;
  }
  const measure = lookOut(() => (load('./measure.cjs') as { startMeasuring: typeof startMeasuring }).startMeasuring(configuration));
  if (wantsTraces() || configuration.exportAppMetrics === true || Object.keys(load.cache).some(isHooked)) measure();
}

/** Waits for a hooked module, an announcement, an HTTP server or a use of the runtime, and starts measuring then. Returns what starts it at once. */
function lookOut(startNow: () => ReturnType<typeof startMeasuring>): () => void {
  const handlers = moduleHandlers();
  const waiting: ModuleHandler = {
    mayHook: (name) => hookedFiles.has(name),
    shim(url) {
      if (!isHooked(fileURLToPath(url))) return '';
      measure();
      return handlers[0]?.shim(url) ?? '';
    },
    appended(filename, format) {
      if (!isHooked(filename)) return '';
      measure();
      return handlers[0]?.appended(filename, format) ?? '';
    },
  };
  let isWaiting = true;
  const measure = (name?: string, message?: unknown): void => {
    if (!isWaiting) return;
    isWaiting = false;
    handlers.splice(handlers.indexOf(waiting), 1);
    for (const [announcing, listener] of listeners) channel(announcing).unsubscribe(listener);
    try {
      const receive = startNow();
      if (name !== undefined) receive(name, message);
    } catch (error) {
      sayUnusable('loaded', error);
    }
  };
  const listeners = [...ANNOUNCEMENTS, 'http.server.request.start', LISTEN].map((name) => {
    const listener = (message: unknown): void => {
      // Plain net servers are announced too; only HTTP servers have this property, and node:http must not be loaded to tell.
      if (name !== LISTEN || 'headersTimeout' in ((message as { server?: object }).server ?? {})) measure(name, message);
    };
    channel(name).subscribe(listener);
    return [name, listener] as const;
  });
  handlers.push(waiting);
  if (GENERATION_KEY in global) measure();
  else defineLazyRuntime(measure);
  return measure;
}

/** Whether the file belongs to a package that is hooked. */
function isHooked(filename: string): boolean {
  const path = filename.replaceAll('\\', '/');
  const files = hookedFiles.get(path.slice(path.lastIndexOf('/') + 1)) ?? [];
  return files.some(({ tail, module }) => path.endsWith(tail) && nameOfPackage(path.slice(0, -tail.length)) === module);
}

function nameOfPackage(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).name;
  } catch {
    return undefined;
  }
}

/** The configuration file: named by `TALLYMAN_CONFIG`, else found from the working directory upwards. */
function findConfiguration(): string | undefined {
  const named = text('TALLYMAN_CONFIG');
  const working = workingFolder();
  if (working === undefined) return named;
  if (named !== undefined) return resolve(working, named);
  for (let folder = working; ; folder = dirname(folder)) {
    // Not `path.join`: a few calls of it for each folder make V8 compile it, which takes as long as all of this file.
    const prefix = folder.endsWith(sep) ? folder : folder + sep;
    const name = CONFIGURATION_FILES.find((candidate) => isThere(prefix + candidate));
    if (name !== undefined) return prefix + name;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Undefined when it was removed. */
function workingFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** Under `--permission` Node throws for a file that may not be read. */
function isThere(file: string): boolean {
  try {
    return existsSync(file);
  } catch {
    return false;
  }
}

function loadFrom(file: string): LoadedConfiguration {
  return (load('./configuration.cjs') as { loadConfiguration: typeof loadConfiguration }).loadConfiguration(file);
}

function sayUnusable(what: 'started' | 'loaded', error: unknown): void {
  const { name, code } = (error ?? {}) as { readonly name?: string; readonly code?: string };
  const advice = code === 'ERR_ACCESS_DENIED' ? `let Node read its files, --allow-fs-read=${__dirname}/*` : 'install it again';
  say(`@tallyman/register cannot be ${what} (${code ?? name}): ${advice}. The application runs without it.`);
}

function say(line: string): void {
  if (process.env.OTEL_LOG_LEVEL?.trim().toLowerCase() !== 'none') writeLine(line);
}
