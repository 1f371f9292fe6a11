import { anchor } from "../../config/document";
import { wrapped } from "../lib/style";
import { table } from "../lib/table";
import { changeText } from "./pods";
import { type ExplainedStack, otherObjects, sourceOf, valueAt, valueText } from "./stacks";

/** What is to be shown of a name. */
export interface Page {
  readonly name: string;
  /** A sentence, or two; empty for none. */
  readonly does: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly head: readonly string[];
  readonly rows: readonly Row[];
  /** A remark at the end. Default: none. */
  readonly next?: string;
}

/** A line of a page's table. */
export interface Row {
  readonly cells: readonly string[];
  /** What a change of this value restarts. Default: not known, or not of interest. */
  readonly restarts?: string;
}

export const valueHead = ["stack", "value", "from"];

/** Lays a page out; `columns` is how wide it may be. Default: as wide as it is. */
export function pageText({ name, does, facts, head, rows, next }: Page, columns: number | undefined): string {
  const title = wrapped(does === "" ? name : `${name}: ${does}`, columns).join("\n");
  const changes = rows.map(({ cells: [stack = ""], restarts = "" }) => [stack, restarts] as const);
  const changeList = labelled(
    changes.filter(([, restarts]) => restarts !== ""),
    columns,
  );
  const values = table(
    head,
    rows.map(({ cells }) => cells),
    columns,
  );
  const parts = [
    title,
    labelled(Object.entries(facts), columns),
    values,
    changeList && `A change restarts:\n${changeList}`,
    next,
  ];
  return parts.filter((part) => part).join("\n\n");
}

/** Texts behind their labels, each wrapped in a column of its own. */
function labelled(texts: readonly (readonly [string, string])[], columns: number | undefined): string {
  const width = Math.max(...texts.map(([label]) => label.length)) + 2;
  return texts
    .map(([label, text]) => {
      const lines = wrapped(text, columns && columns - width);
      return `${label.padEnd(width)}${lines.join(`\n${" ".repeat(width)}`)}`;
    })
    .join("\n");
}

/** Returns the row below `valueHead` of a value that a stack file may have. */
export function valueRow(
  title: string,
  stack: ExplainedStack,
  path: readonly string[],
  examples: readonly unknown[],
): Row {
  const cells = [title, valueText(valueAt(stack, path)), sourceOf(stack, path)];
  return { cells, restarts: changeOf(stack, path, examples) };
}

/** Says what differs in the objects with another value that makes a difference; empty where none is found. */
export function changeOf(stack: ExplainedStack, path: readonly string[], examples: readonly unknown[]): string {
  for (const objects of otherObjects(stack, path, examples)) {
    const change = changeText(stack.objects, objects);
    if (change !== "") return change;
  }
  return "";
}

/** Returns the link to a key or variable in the documentation. */
export function documentation(path: string): string {
  return `docs/configuration.md#${anchor(path)}`;
}

/** Returns a text of the documentation as a terminal shows it. */
export function unmarked(markdown: string): string {
  return markdown.replaceAll("`", "");
}
