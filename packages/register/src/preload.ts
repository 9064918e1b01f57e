import { isInternalThread } from 'node:worker_threads';
import { start } from './start.ts';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`[tallyman] Node ${process.versions.node} is too old: Tallyman needs 22.15 or newer and does nothing.\n`);
} else if (!isInternalThread) {
  start();
}
