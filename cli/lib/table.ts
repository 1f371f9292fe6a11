import Table from "cli-table3";

/** Between two columns; characters. */
const gap = 2;

/** No column is made narrower, however narrow the terminal; characters. */
const narrowest = 8;

/** Nothing between rows and around the table, so that lines can be read, searched and copied. */
const noRules = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "", "bottom-left": "" },
  ...{ "bottom-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "" },
  middle: "",
};

/**
 * A table of text as commands print it: a line for the heads, and one for each row.
 *
 * @param columns how wide it may be; wider cells are wrapped between words, and longer words cut. Characters; default:
 * the terminal's width, and no limit where the output goes elsewhere.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns = process.stdout.columns,
): string {
  const lines = [head, ...rows];
  const natural = head.map((_, index) => Math.max(...lines.map((line) => widthOf(line[index]))) + gap);
  const drawn = new Table({
    head: [...head],
    chars: noRules,
    style: { head: [], border: [], "padding-left": 0, "padding-right": gap },
    wordWrap: true,
    colWidths: columns === undefined ? natural : fitted(natural, columns + gap),
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

function widthOf(cell = ""): number {
  return Math.max(...cell.split("\n").map((line) => line.length));
}

/** Takes what is too much from the widest columns. */
function fitted(natural: readonly number[], columns: number): number[] {
  const widths = [...natural];
  for (;;) {
    const total = widths.reduce((sum, width) => sum + width, 0);
    const widest = widths.indexOf(Math.max(...widths));
    const width = widths[widest] ?? 0;
    if (total <= columns || width <= narrowest + gap) return widths;
    widths[widest] = width - 1;
  }
}
