/** Works on one job of a queue, prints the attribution in which it did, and ends by itself. */
import { currentAttribution, installHook } from '@tallyman/core';
import { adapter } from './index.ts';
import { startBoss } from './pg-boss.test.harness.ts';

const [folder, queue = ''] = process.argv.slice(2);
installHook([adapter]);
const { boss, stop } = await startBoss(folder);
await new Promise((resolve) => {
  void boss.work(queue, { pollingIntervalSeconds: 0.5 }, async () => resolve(console.log(JSON.stringify(currentAttribution()))));
});
await stop();
