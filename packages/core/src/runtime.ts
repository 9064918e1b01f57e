import { AsyncLocalStorage } from 'node:async_hooks';
import type { Attribution } from './attribution.ts';
import type { Configuration } from './configuration.ts';
import { GENERATION, GENERATION_KEY, RUNTIME_KEY, writeLine } from './early/index.ts';
import type { Adapter } from './hook.ts';
import { getOrInsertComputed } from './kept.ts';
import { Registry } from './registry.ts';
import type { RequestObservers } from './request.ts';

/**
 * The state of Tallyman in this process: one, however many copies and versions of its packages are loaded.
 * The first copy creates it and all others use it, so members may be added and never removed or changed.
 */
export interface Runtime {
  /** All series of the process. */
  readonly registry: Registry;
  /** Who caused what runs now. */
  readonly attribution: AsyncLocalStorage<Attribution>;
  /** The validated configuration; empty until the preload has read one. */
  configuration: Configuration;
  /** Lines that were logged once: key to time in milliseconds. */
  readonly logged: Map<string, number>;
  /** Classes, functions and objects that are patched. */
  readonly patched: WeakSet<object>;
  /** The patches that hooked modules call by index; see hook.ts. */
  readonly patches: ((value: unknown) => unknown)[];
  /** Adapters whose rows the module hook knows, by name. */
  readonly adapters: Map<string, Adapter>;
  /** Entry point of hooked modules: calls the patch of that index. */
  patch(index: number, value: unknown): unknown;
  /** Subscribers to HTTP requests; undefined until requests are observed. */
  requests: RequestObservers | undefined;
  /** Things to do before values are read, such as sampling the process; they are told who reads. */
  readonly beforeRead: Set<(reader: object) => void>;
  /** Stands around all work that `safely` guards, by place; nobody but tests of faults sets it. */
  guarded?: ((where: string, work: () => unknown) => unknown) | undefined;
  /** Named state of packages that must exist once per process. */
  readonly shared: Map<string, unknown>;
  /** False for the stand-in of a copy that met an incompatible generation: it records into nothing and hooks nothing. */
  readonly active: boolean;
}

function create(active: boolean): Runtime {
  const patches: Runtime['patches'] = [];
  return {
    registry: new Registry(),
    attribution: new AsyncLocalStorage(),
    configuration: {},
    logged: new Map(),
    patched: new WeakSet(),
    patches,
    adapters: new Map(),
    patch: (index, value) => patches[index]?.(value) ?? value,
    requests: undefined,
    beforeRead: new Set(),
    shared: new Map(),
    active,
  };
}

function find(): Runtime {
  const global = globalThis as { [GENERATION_KEY]?: number; [RUNTIME_KEY]?: Runtime };
  const generation = global[GENERATION_KEY];
  if (generation !== undefined && generation !== GENERATION) {
    writeLine(
      `another generation (${generation}) of Tallyman runs in this process; this copy (${GENERATION}) does nothing. Install one version of @tallyman/*.`,
    );
    return create(false);
  }
  const existing = global[RUNTIME_KEY];
  if (existing !== undefined) return existing;
  const created = create(true);
  Object.defineProperty(globalThis, GENERATION_KEY, { value: GENERATION });
  Object.defineProperty(globalThis, RUNTIME_KEY, { value: created });
  return created;
}

/** The runtime of this process. */
export const runtime: Runtime = find();

/** State that exists once per process under a name, whichever copy of a package asks first. */
export function shared<T>(name: string, createState: () => T): T {
  return getOrInsertComputed(runtime.shared as Map<string, T>, name, createState);
}
