import { markdownTable } from './markdown.ts';

/** What the tables read of the rows that the tests of the preload run (rows.ts and collectors.ts of packages/register/src/ends). */
export interface DocumentedEnds {
  readonly ends: readonly DocumentedEnd[];
  readonly limits: readonly DocumentedEnd[];
  readonly collectors: readonly { readonly how: string; readonly arrives: string; readonly says?: string }[];
}

interface DocumentedEnd {
  readonly how: string;
  readonly end: number | string;
  readonly arrivesInstead?: string;
  readonly says?: string;
}

/** The README's tables of the end of a process: how it ends, and what the collector does. */
export function endsTables({ ends, limits, collectors }: DocumentedEnds): string {
  const rows = [...ends, ...limits].map(({ how, end, arrivesInstead = 'everything', says }) => [how, endedBy(end), arrivesInstead, said(says)]);
  return [
    markdownTable(['How a process ends', 'Ended with, as ever', 'What arrives', 'What we say'], rows),
    markdownTable(
      ['The collector', 'What arrives of the last values', 'What we say'],
      collectors.map(({ how, arrives, says }) => [how, arrives, said(says)]),
    ),
  ].join('\n\n');
}

function endedBy(end: number | string): string {
  return typeof end === 'number' ? `code ${end}` : `\`${end}\``;
}

function said(says: string | undefined): string {
  return says === undefined ? '' : `one line: “${says}”`;
}
