import { type ComponentName, type FoundComponent, findOrInstall } from '../../../../scripts/servers.mjs';

export type { ComponentName, FoundComponent, MissingComponent } from '../../../../scripts/servers.mjs';
export { findOrInstall };

const known = new Map<ComponentName, Promise<FoundComponent>>();

/** The component, found or installed, once a process; rejects with the line that says what to install. */
export function requireComponent(name: ComponentName): Promise<FoundComponent> {
  let component = known.get(name);
  if (!component) {
    component = findOrInstall(name).then((result) => {
      if (result.missing !== undefined) throw new Error(result.missing);
      return result;
    });
    known.set(name, component);
  }
  return component;
}

/** What a test file needs to decide whether it can run. */
export interface RequiredServers {
  /** One line a missing component; undefined when all are there. For `describe.skipIf(servers.missing)`. */
  readonly missing: string | undefined;
  readonly found: Readonly<Partial<Record<ComponentName, FoundComponent>>>;
}

/**
 * Finds or installs what a test file needs, at its top level: `const servers = await requireServers('otelcol', 'prometheus')`.
 *
 * Prints one line for each missing component. In continuous integration (`CI=true`) a missing one throws instead, so that
 * the file fails: a test that silently did not run there proves nothing.
 */
export async function requireServers(...names: ComponentName[]): Promise<RequiredServers> {
  const found: Partial<Record<ComponentName, FoundComponent>> = {};
  const missing: string[] = [];
  for (const name of names) {
    try {
      found[name] = await requireComponent(name);
    } catch (error) {
      missing.push((error as Error).message);
    }
  }
  if (missing.length === 0) return { missing: undefined, found };
  if (process.env.CI === 'true') throw new Error(missing.join('\n'));
  for (const line of missing) process.stderr.write(`[tallyman] skipped: ${line}\n`);
  return { missing: missing.join('\n'), found };
}
