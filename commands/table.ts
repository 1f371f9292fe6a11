import Table from "cli-table3";

/** What a border and the spaces around a cell's text take up; characters. */
const cellFrame = 3;

/** No column gets narrower, however narrow the terminal; characters. */
const narrowest = 30;

/**
 * A table of text as commands print it.
 *
 * @param columns the width that the last column is wrapped to fit in; characters. Default: nothing is wrapped.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[], columns?: number): string {
  const wrapping = columns === undefined ? {} : { wordWrap: true, colWidths: columnWidths([head, ...rows], columns) };
  const drawn = new Table({ head: [...head], style: { head: [], border: [] }, ...wrapping });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
}

/** Each column as wide as its longest text, and the last one as wide as is left. */
function columnWidths(lines: readonly (readonly string[])[], columns: number): number[] {
  const [head = []] = lines;
  const natural = head.slice(0, -1).map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)) + 2);
  const taken = natural.reduce((sum, width) => sum + width + 1, cellFrame);
  return [...natural, Math.max(columns - taken, narrowest)];
}
