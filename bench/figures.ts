import fs from "node:fs/promises";
import path from "node:path";

/** One line of the results: what was measured, and what was hoped for. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly reach: string;
}

/** A figure of `make test-long`. */
export interface LongFigure extends Figure {
  /** How much of it was run, such as `100 environments`. */
  readonly size: string;
  /** The day and the commits of its runs. */
  readonly when: string;
}

const resultsFile = path.join(__dirname, "results.md");

/** What separates the two parts of the file, each of which has a writer of its own. */
const longHeading = "## Long runs";

const longStart = `${longHeading}

Written by \`make test-long\`, a row when all of what it says was run at full size, which may take several runs. Failures count.

| what | measured | reach | size | when |
|---|---|---|---|---|
`;

/** Replaces what `make bench` has written into the results. */
export async function writeBench(report: string): Promise<void> {
  await fs.writeFile(resultsFile, withBench(await results(), report));
}

/** Writes figures of `make test-long` into the results, in the place of those of the same names. */
export async function writeLongFigures(figures: readonly LongFigure[]): Promise<void> {
  await fs.writeFile(resultsFile, withLongFigures(await results(), figures));
}

/** The results with another report of `make bench`, and the long runs as they are. */
export function withBench(results: string, report: string): string {
  const long = results.indexOf(longHeading);
  return long === -1 ? report : `${report.trimEnd()}\n\n${results.slice(long)}`;
}

/** The results with these long figures: each replaces the row of its name, or is added at the end. */
export function withLongFigures(results: string, figures: readonly LongFigure[]): string {
  const at = results.indexOf(longHeading);
  const [bench, long] = at === -1 ? [results, ""] : [results.slice(0, at), results.slice(at)];
  const rows = new Map(
    long
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .slice(1)
      .map((row) => [nameOf(row), row] as const),
  );
  for (const figure of figures) {
    const row = toRow(figure);
    rows.set(nameOf(row), row);
  }
  return `${bench.trimEnd()}\n\n${longStart}${[...rows.values()].join("\n")}\n`;
}

function toRow({ what, measured, reach, size, when }: LongFigure): string {
  const cells = [what, measured, reach, size, when];
  const broken = cells.find((cell) => /[|\n]/.test(cell));
  if (broken !== undefined) throw new Error(`a table cannot hold ${JSON.stringify(broken)}`);
  return `| ${cells.join(" | ")} |`;
}

function nameOf(row: string): string {
  return row.split(" | ")[0] ?? "";
}

async function results(): Promise<string> {
  return fs.readFile(resultsFile, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
}
