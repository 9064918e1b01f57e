/** A component of the stack that runs outside Node. */
export type ComponentName = 'otelcol' | 'prometheus' | 'promtool' | 'redis-server';

/** An executable that was found: its absolute path, and its version as it prints it, for instance `2.42.0`. */
export interface FoundComponent {
  readonly name: ComponentName;
  readonly path: string;
  readonly version: string;
  readonly missing?: undefined;
}

/** A component that is not here and could not be installed: one line that says what to install. */
export interface MissingComponent {
  readonly name: ComponentName;
  readonly missing: string;
}

/** The names that {@link findOrInstall} knows. */
export const componentNames: readonly ComponentName[];

/** The folder outside the repository that keeps what was built or fetched: `$TALLYMAN_CACHE`, else the user's cache. */
export function cacheFolder(): string;

/**
 * Finds a component on PATH or in the cache folder, else installs it, which may take minutes.
 *
 * A failed installation is not tried again for ten minutes, unless `retry` is true. Throws a TypeError for an unknown name.
 */
export function findOrInstall(name: ComponentName, options?: { readonly retry?: boolean }): Promise<FoundComponent | MissingComponent>;

/** Runs `work` while no other process on this machine runs work of that name, and resolves with its result. */
export function withLock<T>(name: string, work: () => Promise<T>): Promise<T>;
