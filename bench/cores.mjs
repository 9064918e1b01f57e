import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

// Before anything is pinned.
const CORES = availableParallelism();
const APPLICATION = '0';
const OTHERS = '1';
let isPinned = false;

/** Whether `pin` can do its work here: it needs two cores and `taskset` (util-linux). */
export function canPin() {
  return CORES > 1 && spawnSync('taskset', ['--version']).status === 0;
}

/**
 * Puts applications that stay up onto one core, and this process and all else that it starts onto another, so that they do not
 * push each other around; or, with false, everything onto all cores again.
 */
export function pin(isWanted) {
  spawnSync('taskset', ['-pc', isWanted ? OTHERS : `0-${CORES - 1}`, `${process.pid}`]);
  isPinned = isWanted;
}

/** The command of an application that is measured. */
export function onItsCore(command, args) {
  return isPinned ? ['taskset', ['-c', APPLICATION, command, ...args]] : [command, args];
}
