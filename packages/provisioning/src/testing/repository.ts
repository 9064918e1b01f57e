import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The absolute path of something in the repository. */
export function inRepository(path: string): string {
  return fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
}

/** The text of a file of the repository; undefined when there is none. */
export function readRepository(path: string): string | undefined {
  try {
    return readFileSync(inRepository(path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
