import { mountPaths, safely } from '@tallyman/core';

type Use = (this: { readonly stack?: readonly object[] }, ...handlers: unknown[]) => unknown;

/** Makes a router's `use` remember, for each layer that it adds, the path as it was written. */
export function rememberMountPaths(router: object): void {
  const target = router as { use: Use };
  const { use } = target;
  if (typeof use !== 'function') throw new TypeError('use is not a function');
  const patched: Use = function (...handlers) {
    const before = safely('express.stack', layersOf, this)?.length ?? 0;
    const result = Reflect.apply(use, this, handlers);
    safely('express.use', () => {
      for (const layer of layersOf(this).slice(before)) mountPaths.set(layer, mountPath(handlers[0]));
    });
    return result;
  };
  Object.defineProperty(patched, 'name', { value: use.name });
  Object.defineProperty(patched, 'length', { value: use.length });
  target.use = patched;
}

function layersOf({ stack }: { readonly stack?: readonly object[] }): readonly object[] {
  return stack ?? [];
}

/** The path of a `use` call: its first argument unless that is a handler, or a list of handlers however nested. */
function mountPath(first: unknown): unknown {
  let inner = first;
  while (Array.isArray(inner) && inner.length > 0) inner = inner[0];
  return typeof inner === 'function' ? '/' : first;
}
