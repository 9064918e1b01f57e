import { nodeVersions } from '@tallyman/testkit';
import { NOTHING, type ProcessRow } from './row.ts';

const TOO_OLD = /^\[tallyman\] Node \S+ is too old/;

function supported(version: string): ProcessRow {
  return {
    name: `Node ${version}`,
    outcome: 'CommonJS, ES modules, a forked child and a worker thread: each measured once',
    start: async ({ node, fixture }) => ({ command: await node(version), args: [fixture('family.cjs')] }),
    arrives: { calls: 3, requests: 6, instances: 3 },
  };
}

function tooOld(version: string): ProcessRow {
  return {
    name: `Node ${version}`,
    outcome: 'too old: one line a process, and nothing else',
    start: async ({ node, fixture }) => ({ command: await node(version), args: [fixture('family-of-old.cjs')] }),
    arrives: NOTHING,
    says: [TOO_OLD, TOO_OLD],
  };
}

/** The last ones of the versions between, which have no long support. */
const BETWEEN = ['23.11.1', '25.9.0'];

/** Versions of Node; openai, stripe, bullmq and pg-boss in every module system of those with long support are in hook-matrix.test.ts. */
export const versions: readonly ProcessRow[] = [...[...nodeVersions, ...BETWEEN].map(supported), ...['23.4.0', '22.14.0', '20.20.2', '18.20.8'].map(tooOld)];
