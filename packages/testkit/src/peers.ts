import { findOrInstallPeers } from '../../../scripts/peers.mjs';

/** What a test file needs to decide whether it can run. */
export interface Peers {
  /** One line that says why there are none. For `describe.skipIf(peers.missing)`. */
  readonly missing: string | undefined;
  /** The folder whose `node_modules` holds them; empty when they are missing. */
  readonly folder: string;
}

let known: Promise<Peers> | undefined;

/**
 * The packages that tests run beside Tallyman (packages/testkit/peers), found in the cache folder or installed there: `const { folder, missing } = await peers()`.
 *
 * Prints one line when they cannot be had. In continuous integration (`CI=true`) it throws instead, so that the file fails.
 */
export function peers(): Promise<Peers> {
  known ??= findOrInstallPeers().then(
    (folder) => ({ folder, missing: undefined }),
    (error: Error) => {
      if (process.env.CI === 'true') throw error;
      process.stderr.write(`[tallyman] skipped: ${error.message}\n`);
      return { folder: '', missing: error.message };
    },
  );
  return known;
}
