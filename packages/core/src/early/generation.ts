/** Changes when the runtime's interface can no longer only grow. */
export const GENERATION = 1;
/** Where the generation of the process's runtime stands on `globalThis`. */
export const GENERATION_KEY = Symbol.for('tallyman.runtime');
/** Where the process's runtime stands on `globalThis`. */
export const RUNTIME_KEY = Symbol.for(`tallyman.runtime.${GENERATION}`);

/** Defines the process's runtime as what `create` makes when somebody first asks for it; `create` must define it under `RUNTIME_KEY`. */
export function defineLazyRuntime(create: () => void): void {
  const global = globalThis as { [RUNTIME_KEY]?: unknown };
  Object.defineProperty(global, GENERATION_KEY, { value: GENERATION });
  Object.defineProperty(global, RUNTIME_KEY, {
    configurable: true,
    get() {
      delete global[RUNTIME_KEY];
      create();
      return global[RUNTIME_KEY];
    },
  });
}
