import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type ModuleHandler, moduleHandlers } from './early/index.ts';
import { logOnce } from './log.ts';
import { runtime } from './runtime.ts';
import { errorType, reportFault, safely, selfRecorders } from './safely.ts';
import { describeRange, isSupported, type VersionRange } from './versions.ts';

/** What a patch is told of the module that it patches. */
export interface PatchContext {
  readonly version: string;
  readonly format: 'commonjs' | 'module';
}

/** Where to hook: one binding of one file of a package. */
export interface HookRow {
  /** Name of the package in its own package.json, whatever folder it is installed in. */
  readonly module: string;
  readonly versions: VersionRange;
  /** The same module in its CommonJS and ES form: paths within the package. */
  readonly files: readonly string[];
  /** Name of the class or function in that file. */
  readonly binding: string;
  /** Its exported name, where that differs: `default`. */
  readonly exported?: string;
  /** The ES form has a default export, which must be handed on. */
  readonly hasDefault?: true;
  /** `prototype`: the patch changes the class in place; `replace`: what the patch returns takes the binding's place. */
  readonly how: 'prototype' | 'replace';
  /** Called once for each copy of the binding, whose shape it may declare. What it throws is reported, and the copy stays as it is then. */
  patch(value: unknown, context: PatchContext): unknown;
}

/** One instrumented library: the name is what `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and `OTEL_NODE_DISABLED_INSTRUMENTATIONS` take. */
export interface Adapter {
  readonly name: string;
  readonly rows: readonly HookRow[];
  /** Packages that need no row because they announce themselves; for the table of what is supported. */
  readonly announced?: readonly Pick<HookRow, 'module' | 'versions'>[];
  /** The diagnostics channel on which they do, and what is done with its messages. What it throws is counted and goes no further. */
  readonly announcements?: { readonly channel: string; readonly handle: (message: unknown) => void };
  /** Called once when the adapter is hooked. */
  readonly start?: () => void;
}

interface Target {
  readonly adapter: string;
  readonly row: HookRow;
  /** End of the path, with a leading slash. */
  readonly tail: string;
}

const RUNTIME = "globalThis[Symbol.for('tallyman.runtime.1')]";
const targets = new Map<string, Target[]>();
/** Indexes of patches by row, then by version and format: a file may be loaded any number of times. */
const indexes = new Map<HookRow, Map<string, number>>();
/** Files that were hooked when they were loaded. */
const hooked = new Set<string>();

/**
 * Hooks the adapters' packages for `require`, `import` and TypeScript loaders of this thread, whenever they are loaded later.
 * The place of an ES module is taken by a shim that re-exports it; CommonJS files get one line appended.
 */
export function installHook(adapters: readonly Adapter[]): void {
  if (!runtime.active) return;
  for (const adapter of adapters) {
    if (runtime.adapters.has(adapter.name)) continue;
    runtime.adapters.set(adapter.name, adapter);
    safely('hook.adapter', () => adapter.start?.());
    const { announcements } = adapter;
    if (announcements !== undefined) subscribe(announcements.channel, (message) => receiveAnnouncement(announcements, message));
    for (const row of adapter.rows) for (const file of row.files) addTarget({ adapter: adapter.name, row, tail: `/${file}` });
  }
  if (targets.size === 0) return;
  const handlers = moduleHandlers();
  if (!handlers.includes(handler)) handlers.push(handler);
  safely('hook.loaded', reportLoaded);
}

/** Handles a message of an adapter's channel; exported for one that came before the adapter was hooked. */
export function receiveAnnouncement({ channel, handle }: NonNullable<Adapter['announcements']>, message: unknown): void {
  safely(channel, () => handle(message));
}

function addTarget(target: Target): void {
  const name = target.tail.slice(target.tail.lastIndexOf('/') + 1);
  const existing = targets.get(name);
  if (existing === undefined) targets.set(name, [target]);
  else existing.push(target);
}

/** What the process's hook points ask about each file; see early/hook-points.ts. */
const handler: ModuleHandler = {
  mayHook: (name) => targets.has(name),
  shim(url) {
    return safely('hook.resolve', () => shim(url, match(fileURLToPath(url), 'module'))) ?? '';
  },
  appended(filename, format) {
    return safely('hook.compile', () => appended(match(filename, format), format)) ?? '';
  },
};

interface Match {
  readonly row: HookRow;
  readonly index: number;
}

function shim(url: string, matches: readonly Match[]): string {
  if (matches.length === 0) return '';
  const source = JSON.stringify(url);
  const lines = [`export * from ${source}; import * as all from ${source};`];
  if (matches.some(({ row }) => row.hasDefault || row.exported === 'default')) lines.push(`export { default } from ${source};`);
  for (const { row, index } of matches) {
    const name = row.exported ?? row.binding;
    // In an import cycle the binding may not be initialised yet: then the file was entered without this shim and patches itself at its end.
    lines.push(`let value${index}; try { value${index} = all[${JSON.stringify(name)}]; } catch {}`);
    lines.push(`if (value${index} !== undefined) value${index} = ${RUNTIME}.patch(${index}, value${index});`);
    if (row.how === 'replace') lines.push(`export { value${index} as ${name} };`);
  }
  return lines.join('\n');
}

/**
 * The appended lines never assign to an ES module's binding: assigning to a `const` would end the application. A file that has not got the binding any
 * more, or does not let it be replaced, loads as it would without us; that it is not measured is said by the patch, which then is given nothing.
 */
function appended(matches: readonly Match[], format: PatchContext['format']): string {
  const lines = matches.map(({ row: { binding }, index }) => {
    const failed = `catch{${RUNTIME}.patch(${index})}`;
    if (format === 'module') return `try{${RUNTIME}.patch(${index},${binding})}${failed}`;
    const value = `typeof ${binding}<"u"?${binding}:(module.exports.${binding}??module.exports.default)`;
    return `try{const v=${value},w=${RUNTIME}.patch(${index},v);if(w!==v)module.exports.${binding}=w}${failed}`;
  });
  return lines.join('\n;');
}

/** The rows that match this file, each registered as a patch; a package outside its row's range is left alone with one warning. */
function match(filename: string, format: PatchContext['format']): Match[] {
  const path = filename.replaceAll('\\', '/');
  const found: Match[] = [];
  for (const { adapter, row, tail } of targets.get(path.slice(path.lastIndexOf('/') + 1)) ?? []) {
    if (!path.endsWith(tail)) continue;
    const manifest = readManifest(`${path.slice(0, -tail.length)}/package.json`);
    if (manifest?.name !== row.module) continue;
    const { version } = manifest;
    hooked.add(path);
    if (isSupported(version, row.versions)) found.push({ row, index: addPatch(adapter, row, { version, format }) });
    else reportUnsupported(adapter, row, version);
  }
  return found;
}

function readManifest(file: string): { name: string; version: string } | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return typeof name === 'string' && typeof version === 'string' ? { name, version } : undefined;
  } catch {
    return undefined;
  }
}

function addPatch(adapter: string, row: HookRow, context: PatchContext): number {
  let ofRow = indexes.get(row);
  if (ofRow === undefined) {
    ofRow = new Map();
    indexes.set(row, ofRow);
  }
  const key = `${context.version} ${context.format}`;
  let index = ofRow.get(key);
  if (index === undefined) {
    index = runtime.patches.push((value) => safely('hook.patch', () => applyPatch(adapter, row, value, context)) ?? value) - 1;
    ofRow.set(key, index);
  }
  return index;
}

/** Patches one copy of a binding, once; gives back what stands in its place. */
export function applyPatch(adapter: string, row: Pick<HookRow, 'module' | 'binding' | 'how' | 'patch'>, value: unknown, context: PatchContext): unknown {
  if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) {
    reportFailure(adapter, row, context.version, 'it is not there');
    return value;
  }
  if (runtime.patched.has(value)) return value;
  // Before it is done: a patch that fails half way must not wrap the first half again.
  runtime.patched.add(value);
  try {
    const result = row.patch(value, context);
    const replacement = row.how === 'replace' && result !== undefined ? result : value;
    if (typeof replacement === 'function' || (typeof replacement === 'object' && replacement !== null)) runtime.patched.add(replacement);
    selfRecorders.patched(1, { adapter, version: context.version, outcome: 'ok' });
    return replacement;
  } catch (error) {
    reportFault(`patch ${adapter}`, error);
    reportFailure(adapter, row, context.version, errorType(error));
    return value;
  }
}

function reportUnsupported(adapter: string, row: HookRow, version: string): void {
  selfRecorders.patched(1, { adapter, version, outcome: 'unsupported' });
  logOnce(`unsupported ${row.module}`, 'warn', `${row.module} ${version} is not measured: supported are versions ${describeRange(row.versions)}`);
}

function reportFailure(adapter: string, row: Pick<HookRow, 'module' | 'binding'>, version: string, why: string): void {
  selfRecorders.patched(1, { adapter, version, outcome: 'failed' });
  logOnce(`failed ${row.module} ${row.binding}`, 'warn', `${row.module} ${version} is not measured: ${row.binding} could not be patched (${why})`);
}

/** Packages that were loaded before the hook keep their own functions: say so instead of missing their calls silently. */
function reportLoaded(): void {
  // Any path will do: all share one cache.
  const { cache } = createRequire(process.execPath);
  for (const [filename, loaded] of Object.entries(cache ?? {})) {
    // One that is being loaded is on its way through the hook.
    if (loaded?.loaded !== true) continue;
    const path = filename.replaceAll('\\', '/');
    if (hooked.has(path)) continue;
    for (const { adapter, row, tail } of targets.get(path.slice(path.lastIndexOf('/') + 1)) ?? []) {
      const manifest = path.endsWith(tail) ? readManifest(`${path.slice(0, -tail.length)}/package.json`) : undefined;
      if (manifest?.name !== row.module) continue;
      selfRecorders.patched(1, { adapter, version: manifest.version, outcome: 'failed' });
      logOnce(`loaded ${row.module}`, 'warn', `${row.module} was loaded before Tallyman and is not measured: name --require @tallyman/register first`);
    }
  }
}
