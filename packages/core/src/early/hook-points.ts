import { readFileSync } from 'node:fs';
// By name: a bundle copies every member of a default export first.
import { Module } from 'node:module';

/** What is done with hooked files, when one comes. */
export interface ModuleHandler {
  /** Whether a file of that name, the last part of its path, may be hooked: asked for every module, so it must be cheap. */
  mayHook(name: string): boolean;
  /** The ES module that takes the place of the file; empty when it is not hooked. */
  shim(url: string): string;
  /** What is appended to the file's source; empty when it is not hooked. */
  appended(filename: string, format: 'commonjs' | 'module'): string;
}

const HOOK_KEY = Symbol.for('tallyman.hook.1');
const SHIM = 'data:text/javascript,/*tallyman*/';

/**
 * The handlers of this process's hook points, which are installed when they are first asked for: a `resolve` hook for ES modules, and
 * `Module.prototype._compile` for CommonJS and for ES modules that are required. Every handler may be replaced at any time.
 * There is no `load` hook: on Node 22.15 to 22.22.2 and 24.0 to 24.11.0 even a pass-through one breaks applications.
 */
export function moduleHandlers(): ModuleHandler[] {
  const global = globalThis as { [HOOK_KEY]?: ModuleHandler[] };
  const existing = global[HOOK_KEY];
  if (existing !== undefined) return existing;
  const handlers: ModuleHandler[] = [];
  Object.defineProperty(global, HOOK_KEY, { value: handlers });
  hookImport(handlers);
  hookCompile(handlers);
  return handlers;
}

function hookImport(handlers: readonly ModuleHandler[]): void {
  /** One shim for each file: a second one would run while the file is still in an import cycle with the first. */
  const shims = new Map<string, string>();
  Module.registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      try {
        if (!isHooked(handlers, found, context)) return found;
        const { url } = found;
        let shim = shims.get(url);
        if (shim === undefined) {
          shim = first(handlers, (handler) => handler.shim(url));
          shims.set(url, shim);
        }
        return shim === '' ? found : { url: `${SHIM}${encodeURIComponent(shim)}`, format: 'module', shortCircuit: true };
      } catch {
        // Loading a module must never fail because of us.
        return found;
      }
    },
  });
}

/** Whether a resolved file is an ES module that is imported by somebody else than its shim, and may be hooked. */
function isHooked(handlers: readonly ModuleHandler[], { url, format }: Module.ResolveFnOutput, { conditions, parentURL }: Module.ResolveHookContext): boolean {
  if ((format && format !== 'module') || !url.startsWith('file:')) return false;
  if (!mayHook(handlers, url.slice(url.lastIndexOf('/') + 1)) || !(format || isModule(url))) return false;
  // What is required has a set of conditions on Node 22.15 and 24.4, whatever the types say.
  return Array.isArray(conditions) && conditions.includes('import') && !parentURL?.startsWith(SHIM);
}

/** Whether Node takes the file for an ES module: loaders of others may leave that open until their `load`, as ts-node's does. */
function isModule(url: string): boolean {
  if (!url.endsWith('.js')) return url.endsWith('.mjs');
  try {
    const manifest = Module.findPackageJSON(url);
    return manifest !== undefined && (JSON.parse(readFileSync(manifest, 'utf8')) as { type?: unknown }).type === 'module';
  } catch {
    return false;
  }
}

type Compile = (this: unknown, content: unknown, filename: string, ...rest: unknown[]) => unknown;

function hookCompile(handlers: readonly ModuleHandler[]): void {
  const prototype = Module.prototype as unknown as { _compile: Compile };
  const compile = prototype._compile;
  prototype._compile = function (content, filename, ...rest) {
    const name = typeof filename === 'string' ? filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1) : '';
    if (typeof content !== 'string' || !mayHook(handlers, name)) return compile.call(this, content, filename, ...rest);
    const appended = first(handlers, (handler) => handler.appended(filename, rest[0] === 'module' ? 'module' : 'commonjs'));
    return compile.call(this, appended === '' ? content : `${content}\n;${appended}`, filename, ...rest);
  };
}

function mayHook(handlers: readonly ModuleHandler[], name: string): boolean {
  for (const handler of handlers) if (handler.mayHook(name)) return true;
  return false;
}

/** What the first handler that hooks the file answers; one that throws hooks nothing. */
function first(handlers: readonly ModuleHandler[], ask: (handler: ModuleHandler) => string): string {
  for (const handler of handlers) {
    try {
      const answer = ask(handler);
      if (answer !== '') return answer;
    } catch {
      // Loading a module must never fail because of us; handlers report their own faults.
    }
  }
  return '';
}
