import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A call that guards a place under a name of its own; of `inBatches` the name comes second. */
const GUARD = /\b(?:safely\(|inBatches\([^,]+,)\s*'([^']+)'/g;

/** The guarded places that the sources in a folder name, each of them once, sorted; `below` a folder that is looked at with its own. */
export function placesIn(folder: URL, { deep = true }: { readonly deep?: boolean } = {}): string[] {
  const root = fileURLToPath(folder);
  const files = readdirSync(root, { recursive: deep, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !/\.test\./.test(file));
  const places = files.flatMap((file) => [...readFileSync(join(root, file), 'utf8').matchAll(GUARD)].map(([, where]) => where as string));
  return [...new Set(places)].sort();
}
