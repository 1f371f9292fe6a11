import { checkStack, type Patient } from "./doctor/checks";
import { Examination, type Outcome, type Row } from "./doctor/examination";
import { table } from "./table";

/** How long one check may take; milliseconds. */
const limitMs = 10_000;

/** How often the checks under way are named; milliseconds. */
const progressMs = 2_000;

/**
 * Looks at all that a deploy of a stack needs, from the tools on this machine to the rights on the cluster, changes
 * nothing, and prints a table of what it found and what to do about it.
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

/** @param columns how wide a terminal is that the table must fit in. Default: nothing is wrapped. */
export function render(rows: readonly Row[], columns?: number): string {
  const cells = rows.map(({ check, outcome, found, next }) => [
    check,
    outcome,
    next ? `${found}\nNext: ${next}` : found,
  ]);
  return table(["check", "", "what was found"], cells, columns);
}

/** As in `20 ok, 1 warning, 2 failed`. */
function summary(rows: readonly Row[]): string {
  const order: readonly Outcome[] = ["ok", "warning", "unknown", "failed", "skipped"];
  const counts = order.map((outcome) => [outcome, rows.filter((row) => row.outcome === outcome).length] as const);
  return counts
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(", ");
}
