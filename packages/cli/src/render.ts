import { styleText } from 'node:util';
import CliTable from 'cli-table3';
import { formatCount, formatDollars } from './format.ts';
import { remarksOf } from './remarks.ts';
import { sentenceOf } from './sentence.ts';
import type { Series } from './series.ts';
import { type Row, tableOf } from './table.ts';

/** How to draw: colour and emphasis, or plain text. */
export interface RenderOptions {
  readonly colour: boolean;
}

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style | undefined, text: string) => string;

/** Heading and content of each column, in order. */
const COLUMNS: readonly (readonly [heading: string, cell: (row: Row) => string])[] = [
  ['feature', ({ name }) => name],
  ['uses', ({ uses }) => formatCount(uses)],
  ['AI calls', ({ aiCalls }) => formatCount(aiCalls)],
  ['tokens', ({ tokens }) => formatCount(tokens)],
  ['dollars', ({ dollars }) => formatDollars(dollars)],
  ['dollars\na use', ({ dollarsPerUse }) => formatDollars(dollarsPerUse)],
  ['revenue', ({ revenue }) => formatDollars(revenue)],
  ['revenue per\n$1 of AI', ({ revenuePerDollar }) => formatDollars(revenuePerDollar)],
  ['failures', ({ failures }) => formatCount(failures)],
];

/** A line above the total and below the headings, and no others. */
const LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '─',
  'mid-mid': '─',
  right: '',
  'right-mid': '',
  middle: ' ',
};

/** The table, the sentence, and what the numbers leave out, as lines of text. Without any figures: one line that says so. */
export function render(series: readonly Series[], { colour }: RenderOptions): string {
  const table = tableOf(series);
  if (table.rows.length === 0) return 'No AI call and no use of a named feature yet.';
  const paint: Paint = (style, text) => (colour && style && text ? styleText(style, text, { validateStream: false }) : text);
  const sentence = sentenceOf(table);
  const remarks = remarksOf(series, table).map((remark) => paint('dim', remark));
  return [draw([...table.rows, table.total], paint), ...(sentence ? ['', paint('bold', sentence)] : []), ...(remarks.length > 0 ? ['', ...remarks] : [])].join(
    '\n',
  );
}

function draw(rows: readonly Row[], paint: Paint): string {
  const drawn = new CliTable({
    head: COLUMNS.map(([heading]) =>
      (heading.includes('\n') ? heading : `\n${heading}`)
        .split('\n')
        .map((line) => paint('bold', line))
        .join('\n'),
    ),
    chars: LINES,
    colAligns: COLUMNS.map((_, index) => (index === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 1 },
  });
  drawn.push(...rows.map((row) => COLUMNS.map(([, cell]) => paint(styleOf(row), cell(row)))));
  const lines = drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const rule = lines.find((line) => line.startsWith('─')) ?? '';
  return [...lines.slice(0, -1), rule, ...lines.slice(-1)].join('\n');
}

function styleOf({ kind }: Row): Style | undefined {
  if (kind === 'total') return 'bold';
  return kind === 'standIn' ? 'dim' : undefined;
}
