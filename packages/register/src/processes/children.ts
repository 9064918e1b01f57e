import { NOTHING, type ProcessRow, WORKED } from './row.ts';

function child(way: string, outcome = 'the child reports for itself, once; the parent has nothing to report'): ProcessRow {
  return {
    name: `\`child_process.${way}\``,
    outcome,
    start: ({ fixture }) => ({ args: [fixture('children.cjs'), way] }),
    arrives: WORKED,
  };
}

function threads(name: string, outcome: string, count: number, options: object, arrives: ProcessRow['arrives']): ProcessRow {
  return { name, outcome, start: ({ fixture }) => ({ args: [fixture('threads.cjs'), String(count), JSON.stringify(options)] }), arrives };
}

function sandbox(form: 'process' | 'thread', outcome: string): ProcessRow {
  return {
    name: `sandboxed processor of BullMQ, as a ${form}`,
    outcome,
    needs: 'redis',
    start: ({ fixture, folder }) => ({ args: [fixture('sandbox.cjs'), form, folder.slice(folder.lastIndexOf('-') + 1)] }),
    arrives: { ...WORKED, jobs: 1, instances: 2 },
  };
}

/** Processes and threads that an application starts. */
export const children: readonly ProcessRow[] = [
  child('fork'),
  child('exec'),
  child('execFile'),
  child('spawn'),
  {
    name: '`cluster`',
    outcome: 'each worker reports its own requests, once; the primary has nothing to report',
    start: ({ fixture }) => ({ args: [fixture('cluster.cjs')] }),
    arrives: { calls: 0, requests: 6, instances: 2 },
  },
  threads('worker thread', 'reports for itself, once', 1, {}, WORKED),
  threads('worker thread with `execArgv: []`', 'reports for itself, once', 1, { execArgv: [] }, WORKED),
  {
    name: 'worker thread with `execArgv: []`, the preload in the flags and not in `NODE_OPTIONS`',
    outcome: 'not measured: the thread is told to run without it',
    start: ({ flags, fixture }) => ({ args: [...flags, fixture('threads.cjs'), '1', '{"execArgv":[]}'], namesPreload: true }),
    arrives: NOTHING,
  },
  threads('worker thread with `resourceLimits`', 'reports for itself, once', 1, { resourceLimits: { maxOldGenerationSizeMb: 64 } }, WORKED),
  threads('four worker threads', 'each reports for itself, once', 4, {}, { calls: 4, requests: 8, instances: 4 }),
  sandbox('process', 'the job is measured once, by the worker that owns it; what the processor does, once, by the child'),
  sandbox('thread', 'the job is measured once, by the worker that owns it; what the processor does, once, by the thread'),
];
