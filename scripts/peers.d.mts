/**
 * Resolves with the folder whose `node_modules` holds the packages of packages/testkit/peers, installed when it is not there yet.
 *
 * Rejects with one line that says why not. A failed installation is not tried again for ten minutes, unless `retry` is true.
 */
export function findOrInstallPeers(options?: { readonly retry?: boolean }): Promise<string>;
