import { z } from "zod";
import { CheckRunner, type Outcome, type Row } from "./doctor/checkRunner";
import { checkStack, type Target } from "./doctor/checks";
import type { GitHubRepository } from "./lib/github";
import { cut, green, red, wrapped, yellow } from "./lib/style";

/** How long all checks may take together; milliseconds. */
const limitMs = 30_000;

/** How often the checks under way are named; milliseconds. */
const progressMs = 2_000;

/** What is wrong comes first. */
const order: readonly Outcome[] = ["failed", "warning", "unknown", "skipped", "ok"];

/** What `ds doctor --json` prints: one thing that was looked at. */
export const checkedThing = z.strictObject({
  check: z.string().describe("what was looked at"),
  outcome: z
    .enum(["failed", "warning", "unknown", "skipped", "ok"])
    .describe("unknown: permissions do not suffice to tell; skipped: a check that it needs has failed"),
  found: z.string(),
  next: z.string().optional().describe("what to do about it"),
});

const colours: Readonly<Record<Outcome, (text: string) => string>> = {
  failed: red,
  warning: yellow,
  unknown: yellow,
  skipped: (text) => text,
  ok: green,
};

const outcomeWidth = Math.max(...order.map((outcome) => outcome.length)) + 2;

/**
 * Checks all that a deploy of a stack needs, from the tools on this machine to the permissions on the cluster, changes nothing,
 * and prints what it found and what to do about it.
 *
 * @param json whether to print it as JSON.
 * @returns whether nothing failed.
 */
export function doctor(target: Target, json: boolean): Promise<boolean> {
  return report({ subject: `stack ${target.stack}`, json }, (runner) => checkStack(runner, target));
}

/** The same for the settings of a repository on GitHub that the roles of its workflows rely on. */
export async function doctorGitHub(repository: GitHubRepository, json: boolean): Promise<boolean> {
  const { checkGitHub } = await import("./doctor/github");
  return report({ subject: `repository ${repository.name}`, json }, (runner) => checkGitHub(runner, repository));
}

interface Report {
  readonly subject: string;
  readonly json: boolean;
}

async function report({ subject, json }: Report, check: (runner: CheckRunner) => Promise<void>): Promise<boolean> {
  const runner = new CheckRunner(limitMs);
  const progress = setInterval(() => {
    console.error(`waiting for: ${runner.waitingFor.join(", ")}`);
  }, progressMs);
  await check(runner).finally(() => clearInterval(progress));
  const { rows } = runner;
  if (json) console.log(asJson(rows));
  else console.log(`${render(rows, process.stdout.columns)}\n${subject}: ${summary(rows)}`);
  return rows.every(({ outcome }) => outcome !== "failed");
}

/** Returns all that was looked at, what is wrong first. */
export function asJson(rows: readonly Row[]): string {
  const things: z.infer<typeof checkedThing>[] = byOutcome(rows).flatMap(([, those]) => those);
  return JSON.stringify(things, undefined, 2);
}

/**
 * Returns what was found: first what is not well, whole and with its next step; then what is well, one line for each check.
 *
 * @param columns how wide it may be: what is not well is wrapped, what is well is cut. Default: neither.
 */
export function render(rows: readonly Row[], columns?: number): string {
  const width = columns && columns - outcomeWidth;
  return byOutcome(rows)
    .flatMap(([outcome, those]) => {
      if (outcome === "ok") return together(those).map((line) => labelled(outcome, [cut(line, width)]));
      const texts = outcome === "skipped" ? byCause(those) : those.map(whole);
      return texts.map((text) => labelled(outcome, wrapped(text, width)));
    })
    .join("\n");
}

function byOutcome(rows: readonly Row[]): (readonly [Outcome, readonly Row[]])[] {
  return order.map((outcome) => [outcome, rows.filter((row) => row.outcome === outcome)] as const);
}

function labelled(outcome: Outcome, lines: readonly string[]): string {
  const label = `${colours[outcome](outcome)}${" ".repeat(outcomeWidth - outcome.length)}`;
  return `${label}${lines.join(`\n${" ".repeat(outcomeWidth)}`)}`;
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
  return byOutcome(rows)
    .filter(([, those]) => those.length > 0)
    .map(([outcome, those]) => `${those.length} ${outcome}`)
    .join(", ");
}
