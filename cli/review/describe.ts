import { effectsOf, type Strictness } from "../../safety/effects";
import { type Difference, differences, lines } from "./differences";
import { parsePath, pathInWords, valueAt } from "./paths";
import type { Change, Effect } from "./plan";
import { holdsSecret } from "./secrets";
import { block, code, counted } from "./text";

/** How much of each object is shown. */
export interface Detail {
  /** Differences of one object. */
  readonly differences: number;
  /** Lines of one value, on either side. */
  readonly lines: number;
  /** Lines of a new object. */
  readonly linesOfNew: number;
  /** Characters of one line. */
  readonly characters: number;
}

/** One object as Markdown: what happens to it in a line, and what differs. */
export interface Description {
  readonly effect: Effect;
  readonly heading: string;
  /** Empty where there is no more to say. */
  readonly body: string;
}

const verbs: Readonly<Record<Effect, string>> = {
  replace: "replaced",
  delete: "deleted",
  update: "updated",
  create: "created",
};

/**
 * What a reviewer reads of a change.
 *
 * @param strictness what the stack's updates ask for. Default: nothing is said of what the change costs.
 */
export function describeChange(change: Change, detail: Detail, strictness?: Strictness): Description {
  const { effect, kind, name, namespace, forcing, before, after } = change;
  const place = namespace === undefined ? "" : ` in ${code(namespace)}`;
  const paths = forcing.map((path) => code(pathInWords(path, [before, after]))).join(", ");
  const cause = effect === "replace" && paths !== "" ? `, forced by ${paths}` : "";
  const verb = effect === "replace" || effect === "delete" ? `**${verbs[effect]}**` : verbs[effect];
  return {
    effect,
    heading: `${verb} ${code(kind)} ${code(name)}${place}${cause}`,
    body: [...costs(change, strictness), bodies[effect](change, detail)].filter((part) => part !== "").join("\n\n"),
  };
}

/** Returns what a change costs traffic or data, and which permission its deploy needs. */
function costs(change: Change, strictness: Strictness | undefined): string[] {
  if (strictness === undefined) return [];
  return effectsOf({ ...change, does: change.effect }).map(({ subject, stake, text, way }) => {
    const needs =
      way !== undefined
        ? ` No update can do that: ${way}.`
        : strictness[stake] === "allow"
          ? ` Its deploy needs ${code(`--allow ${subject}`)}.`
          : "";
    return `> **${subject}** ${text}.${needs}`;
  });
}

const bodies: Readonly<Record<Effect, (change: Change, detail: Detail) => string>> = {
  replace: differing,
  update: differing,
  delete: () => "",
  create: created,
};

/** A new object differs from nothing in all that it has: it is there to be unfolded. */
function created({ after = {} }: Change, detail: Detail): string {
  const { apiVersion: _, kind: __, ...content } = after;
  const shown = cut(lines(content), detail.linesOfNew).map((line) => shorten(line, detail));
  return `<details><summary>what it is made of</summary>\n\n${block("yaml", shown)}\n\n</details>`;
}

/** Returns all that a change makes different, in the words in which it is shown. */
export function differencesOf(change: Change): Difference[] {
  const found = [...differences(change.before, change.after), ...redactedDifferences(change)];
  return found.length > 0 ? found : touchedOnly(change);
}

function differing(change: Change, detail: Detail): string {
  const all = differencesOf(change);
  const shown = all.slice(0, detail.differences).flatMap((difference) => differenceLines(difference, detail));
  const rest = all.length - detail.differences;
  const left = rest > 0 ? [more(rest, "difference")] : [];
  return all.length === 0 ? "" : block("diff", [...shown, ...left]);
}

/** Where the program wants what it wanted before, and the cluster has something else. */
function touchedOnly({ before, after, touched }: Change): Difference[] {
  return touched.map((path) => ({
    where: `${pathInWords(path, [before, after])}: differs from what is live`,
    removed: [],
    added: [],
  }));
}

/** What Pulumi says has changed and what both sides show alike: secrets, by their markers. */
function redactedDifferences({ before, after, touched }: Change): Difference[] {
  const redacted = touched.filter((path) => {
    const values = [before, after].map((inputs) => valueAt(inputs, parsePath(path)));
    return values.every(holdsSecret) && differences(values[0], values[1]).length === 0;
  });
  return redacted.map((path) => ({
    where: `${pathInWords(path, [before, after])}: a secret, another value that is not shown`,
    removed: [],
    added: [],
  }));
}

function differenceLines({ where, removed, added }: Difference, detail: Detail): string[] {
  const side = (sign: string, values: readonly string[]) =>
    cut(values, detail.lines).map((line) => shorten(`${sign} ${line}`, detail));
  return [`@@ ${where} @@`, ...side("-", removed), ...side("+", added)];
}

function cut(values: readonly string[], most: number): string[] {
  const rest = values.length - most;
  return rest > 0 ? [...values.slice(0, most), more(rest, "line")] : [...values];
}

function shorten(line: string, { characters }: Detail): string {
  const rest = line.length - characters;
  return rest > 0 ? `${line.slice(0, characters)}${more(rest, "character")}` : line;
}

/** What stands in the place of what was cut off. */
function more(count: number, word: string): string {
  return `… and ${counted(count, `more ${word}`)}`;
}
