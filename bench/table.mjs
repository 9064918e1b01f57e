import { compare, median } from './statistics.mjs';

/** How a variant's values, in repetitions of slices, are held against those of the base: the column's title, and its text. */
const comparisons = {
  ratio: {
    title: () => 'x bare',
    text: (values, base) =>
      withSpread(
        compare(values, base, (value, other) => value / other),
        2,
      ),
  },
  // What disturbs a process only ever makes it slower, so the fastest ones were disturbed least.
  fastest: { title: () => 'x, fastest', text: (values, base) => (Math.min(...values.flat()) / Math.min(...base.flat())).toFixed(2) },
  kept: {
    title: () => 'kept, %',
    text: (values, base) =>
      withSpread(
        compare(values, base, (value, other) => (value / other) * 100),
        1,
      ),
  },
  added: {
    title: ({ unit }) => `added, ${unit}`,
    text: (values, base, { digits }) =>
      withSpread(
        compare(values, base, (value, other) => value - other),
        digits,
      ),
  },
};

/**
 * The rows of a benchmark's table, its heading first.
 *
 * `measures`: `{ label, unit, digits, value(slice), compare: (a key of comparisons)[] }`; `results`: `{ workload, measurements }[]`.
 */
export function tableRows(measures, results) {
  const heading = ['', 'variant'];
  for (const measure of measures) {
    heading.push(`${measure.label}, ${measure.unit}`, ...measure.compare.map((key) => comparisons[key].title(measure)));
  }
  return [heading, ...results.flatMap(({ workload, measurements }) => rowsOf(measures, workload, measurements))];
}

function rowsOf(measures, workload, measurements) {
  const [[baseName, base]] = measurements;
  const valuesOf = ({ value }, repetitions) => repetitions.map((slices) => slices.map(value));
  return [...measurements].map(([name, repetitions]) => {
    const row = [workload, name];
    for (const measure of measures) {
      const values = valuesOf(measure, repetitions);
      row.push(median(values.flat()).toFixed(measure.digits));
      for (const key of measure.compare) row.push(name === baseName ? '' : comparisons[key].text(values, valuesOf(measure, base), measure));
    }
    return row;
  });
}

function withSpread({ median, min, max }, digits) {
  return `${median.toFixed(digits)} [${min.toFixed(digits)}..${max.toFixed(digits)}]`;
}

/** Rows as text: aligned columns for a terminal, or a table in Markdown. */
export function formatTable(rows, isMarkdown) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) => row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))));
  if (!isMarkdown) return lines.map((cells) => cells.join('  ').trimEnd()).join('\n');
  const rule = widths.map((width, column) => (column < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [lines[0], rule, ...lines.slice(1)].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
