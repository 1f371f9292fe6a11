import { checkStack, type Patient } from "./doctor/checks";
import { Examination, type Outcome, type Row } from "./doctor/examination";
import { cut, green, red, wrapped, yellow } from "./lib/style";

/** How long one check may take; milliseconds. */
const limitMs = 10_000;

/** How often the checks under way are named; milliseconds. */
const progressMs = 2_000;

/** What is wrong comes first. */
const order: readonly Outcome[] = ["failed", "warning", "unknown", "skipped", "ok"];

const colours: Readonly<Record<Outcome, (text: string) => string>> = {
  failed: red,
  warning: yellow,
  unknown: yellow,
  skipped: (text) => text,
  ok: green,
};

const outcomeWidth = Math.max(...order.map((outcome) => outcome.length)) + 2;

/**
 * Looks at all that a deploy of a stack needs, from the tools on this machine to the rights on the cluster, changes
 * nothing, and prints what it found and what to do about it.
 *
 * @returns whether nothing failed.
 */
export async function doctor(patient: Patient): Promise<boolean> {
  const examination = new Examination(limitMs);
  checkStack(examination, patient);
  const progress = setInterval(() => {
    console.error(`waiting for: ${examination.waitingFor.join(", ")}`);
  }, progressMs);
  const rows = await examination.finish().finally(() => clearInterval(progress));
  console.log(render(rows, process.stdout.columns));
  console.log(`stack ${patient.stack}: ${summary(rows)}`);
  return rows.every(({ outcome }) => outcome !== "failed");
}

/**
 * What was found: first what is not well, whole and with its next step; then what is well, one line for each check.
 *
 * @param columns how wide it may be: what is not well is wrapped, what is well is cut. Default: neither.
 */
export function render(rows: readonly Row[], columns?: number): string {
  const width = columns && columns - outcomeWidth;
  const lines: Readonly<Record<Outcome, (those: readonly Row[]) => string[][]>> = {
    failed: (those) => those.map((row) => wrapped(whole(row), width)),
    warning: (those) => those.map((row) => wrapped(whole(row), width)),
    unknown: (those) => those.map((row) => wrapped(whole(row), width)),
    skipped: (those) => byCause(those).map((text) => wrapped(text, width)),
    ok: (those) => together(those).map((line) => [cut(line, width)]),
  };
  return order
    .flatMap((outcome) =>
      lines[outcome](rows.filter((row) => row.outcome === outcome)).map((text) => labelled(outcome, text)),
    )
    .join("\n");
}

function labelled(outcome: Outcome, [first = "", ...others]: readonly string[]): string {
  const indent = " ".repeat(outcomeWidth);
  const label = `${colours[outcome](outcome)}${" ".repeat(outcomeWidth - outcome.length)}`;
  return [`${label}${first}`, ...others.map((line) => `${indent}${line}`)].join("\n");
}

function whole({ check, found, next }: Row): string {
  return `${check}: ${found}${next ? `\nNext: ${next}` : ""}`;
}

/** The checks that were skipped for the same reason, as in `token, API server: EKS cluster failed`. */
function byCause(rows: readonly Row[]): string[] {
  const causes = [...new Set(rows.map(({ found }) => found))];
  return causes.map((cause) => {
    const checks = rows.filter(({ found }) => found === cause).map(({ check }) => check);
    return `${checks.join(", ")}: ${cause}`;
  });
}

/** A line for each check; one that looks at several things, such as `permissions: services`, only counts them. */
function together(rows: readonly Row[]): string[] {
  const nameOf = ({ check }: Row) => check.split(": ")[0] ?? check;
  return [...new Set(rows.map(nameOf))].map((name) => {
    const those = rows.filter((row) => nameOf(row) === name);
    const [first] = those;
    return first?.check === name ? `${name}: ${first.found.split("\n").join("; ")}` : `${those.length} ${name}`;
  });
}

/** As in `20 ok, 1 warning, 2 failed`. */
function summary(rows: readonly Row[]): string {
  const counts = order.map((outcome) => [outcome, rows.filter((row) => row.outcome === outcome).length] as const);
  return counts
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(", ");
}
