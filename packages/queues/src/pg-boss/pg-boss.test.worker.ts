/** Works on one job of a queue with the library as `require` gives it, prints the attribution in which it did, and ends by itself. */
import { createRequire } from 'node:module';
import { PGlite } from '@electric-sql/pglite';
import { currentAttribution, installHook } from '@tallyman/core';
import { adapter } from './index.ts';
import { startBoss } from './pg-boss.test.harness.ts';

const [folder, queue = ''] = process.argv.slice(2);
installHook([adapter]);
const database = new PGlite(folder);
const { boss, stop } = await startBoss(database, {}, createRequire(import.meta.url)('pg-boss'));
await new Promise((resolve) => {
  void boss.work(queue, { pollingIntervalSeconds: 0.5 }, async () => resolve(console.log(JSON.stringify(currentAttribution()))));
});
await stop();
await database.close();
