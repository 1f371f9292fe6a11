import { visible } from "../../safety/redaction";

/** A text as Markdown code within a line, whatever it holds. */
export function code(text: string): string {
  const line = visible(text).replace(/\s+/g, " ");
  const fence = "`".repeat(longestRun(line) + 1);
  const padding = line.startsWith("`") || line.endsWith("`") || line === "" ? " " : "";
  return `${fence}${padding}${line}${padding}${fence}`;
}

/** Lines as a block of Markdown code, whatever they hold: nothing in it is markup, a mention or a link. */
export function block(language: string, lines: readonly string[]): string {
  const text = visible(lines.join("\n"));
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

interface Shortened {
  readonly text: string;
  /** How many lines are not in it, or not to their end. */
  readonly left: number;
}

/** Returns the first lines of some that fit into so many characters; of a first one that does not, its beginning. */
export function firstLines(lines: readonly string[], most: number): Shortened {
  let room = most;
  const tooMuch = lines.findIndex((line) => {
    room -= line.length + 1;
    return room < 0;
  });
  const fitting = tooMuch === -1 ? lines.length : tooMuch;
  const text = fitting === 0 && lines[0] ? `${lines[0].slice(0, most)}…` : lines.slice(0, fitting).join("\n");
  return { text, left: lines.length - fitting };
}

/**
 * Shortens a Markdown text at borders of lines: its longest tables, blocks of code and paragraphs lose their ends first, so that
 * something of each stays; where that is not enough, its last ones go.
 */
export function shortened(text: string, most: number): Shortened {
  const blocks = blocksOf(text);
  const leftOf = (some: readonly { readonly left: number }[]) => some.reduce((sum, { left }) => sum + left, 0);
  let shown: Shortened[] = [];
  for (let room = most; room > 500; room *= 0.8) {
    shown = blocks.map((lines) => shortenedBlock(lines, room));
    const whole = shown.map((each) => each.text).join("\n\n");
    if (whole.length <= most) return { text: whole, left: leftOf(shown) };
  }
  const kept: Shortened[] = [];
  let room = most;
  for (const each of shown) {
    room -= each.text.length + 2;
    if (room < 0) break;
    kept.push(each);
  }
  const gone = blocks.slice(kept.length).map((lines) => ({ left: lines.length }));
  return { text: kept.map((each) => each.text).join("\n\n"), left: leftOf(kept) + leftOf(gone) };
}

/** Returns the lines of each block of a Markdown text: what blank lines separate, but for those in a fence. */
function blocksOf(text: string): string[][] {
  const blocks: string[][] = [];
  let current: string[] = [];
  let fence: string | undefined;
  for (const line of text.split("\n")) {
    if (fence === undefined && line.trim() === "") {
      current = [];
      continue;
    }
    if (current.length === 0) blocks.push(current);
    current.push(line);
    if (fence === undefined) fence = fenceOf(line);
    else if (line.trim() === fence) fence = undefined;
  }
  return blocks;
}

function shortenedBlock(lines: readonly string[], most: number): Shortened {
  const fence = fenceOf(lines[0] ?? "");
  const isClosed = fence !== undefined && lines.at(-1)?.trim() === fence;
  const { text, left } = firstLines(isClosed ? lines.slice(0, -1) : lines, most);
  if (left === 0) return { text: lines.join("\n"), left };
  return { text: `${text}${fence === undefined ? "" : `\n${fence}`}\n\n… ${counted(left, "more line")}`, left };
}

/** Returns what ends the block of code that a line begins; undefined for any other line. */
function fenceOf(line: string): string | undefined {
  return /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
}

/** A word with its number, as in `1 update`, `2 updates`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
