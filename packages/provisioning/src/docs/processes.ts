import { markdownTable } from './markdown.ts';

/** What the tables read of the rows that the tests of the preload run (packages/register/src/processes), by heading. */
export type DocumentedProcesses = Readonly<Record<string, readonly DocumentedProcess[]>>;

interface DocumentedProcess {
  readonly name: string;
  readonly outcome: string;
  readonly arrives: { readonly calls: number; readonly requests: number; readonly jobs?: number; readonly instances: number };
  readonly says?: readonly RegExp[];
}

/** The tables of docs/processes.md: each way to run Node, what one gets, and what arrived in the test. */
export function processTables(processes: DocumentedProcesses): string {
  return Object.entries(processes)
    .map(([heading, rows]) => {
      const cells = rows.map(({ name, outcome, arrives, says = [] }) => [
        name,
        outcome,
        arrived(arrives),
        says.length === 0 ? '' : plural(says.length, 'line'),
      ]);
      return `## ${heading}\n\n${markdownTable(['What is run', 'What you get', 'Arrived in the test', 'We say'], cells)}`;
    })
    .join('\n\n');
}

function arrived({ calls, requests, jobs = 0, instances }: DocumentedProcess['arrives']): string {
  if (instances === 0) return 'nothing';
  const parts = [plural(calls, 'call'), plural(requests, 'request'), plural(jobs, 'job')].filter((part) => !part.startsWith('0 '));
  return parts.length === 0 ? 'about ourselves only' : `${parts.join(', ')} from ${instances}`;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
