/** A markdown table; `|` in cells is escaped. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Inline code; nothing for nothing. */
export function code(text: string): string {
  return text && `\`${text}\``;
}

/**
 * Replaces what stands between `<!-- generated: name -->` and `<!-- /generated: name -->`; a text without the first marker stays as it is.
 * Throws when the second marker is missing.
 */
export function replaceBlock(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- /generated: ${name} -->`];
  const start = text.indexOf(begin);
  if (start === -1) return text;
  const stop = text.indexOf(end, start);
  if (stop === -1) throw new Error(`"${begin}" has no "${end}" after it`);
  return `${text.slice(0, start + begin.length)}\n\n${content}\n\n${text.slice(stop)}`;
}
