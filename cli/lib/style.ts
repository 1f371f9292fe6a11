import { styleText } from "node:util";

type Stream = NodeJS.WriteStream;

/** Red on a terminal, plain elsewhere; NO_COLOR and FORCE_COLOR count before that. */
export function red(text: string, stream: Stream = process.stdout): string {
  return styleText("red", text, { stream });
}

export function yellow(text: string, stream: Stream = process.stdout): string {
  return styleText("yellow", text, { stream });
}

export function green(text: string, stream: Stream = process.stdout): string {
  return styleText("green", text, { stream });
}

/** Breaks the lines of a text between words, so that none is longer. A longer word stays whole, to be copied. */
export function wrapped(text: string, columns: number | undefined): string[] {
  return text.split("\n").flatMap((line) => {
    const lines: string[] = [];
    let last = "";
    for (const word of line.split(" ")) {
      if (columns !== undefined && last !== "" && last.length + 1 + word.length > columns) {
        lines.push(last);
        last = word;
      } else {
        last = last === "" ? word : `${last} ${word}`;
      }
    }
    return [...lines, last];
  });
}

/** Cuts a text of one line to fit, with … in the place of its end. */
export function cut(text: string, columns: number | undefined): string {
  return columns === undefined || text.length <= columns ? text : `${text.slice(0, Math.max(columns - 1, 0))}…`;
}
