import { UserError } from "../../cluster/userError";

/** How a thing is. `unknown`: these permissions do not suffice to tell. `skipped`: a check that it needs has failed. */
export type Outcome = "ok" | "warning" | "unknown" | "failed" | "skipped";

/** One thing that a check has looked at. */
export interface Finding {
  /** What was looked at, where a check looks at several things. Default: the check's name. */
  readonly subject?: string;
  readonly outcome: Exclude<Outcome, "skipped">;
  readonly found: string;
  /** What to do about it. Default: for one that failed, the check's advice; else nothing. */
  readonly next?: string;
}

/** What a check found, and what it has for the checks that need it. */
export interface Findings<T = void> {
  readonly findings: readonly Finding[];
  readonly value: T;
}

/** What a check has for those that need it, or the name of the check that has failed. */
export type Result<T> = { readonly value: T } | { readonly failed: string };

/** One row of the report. */
export interface Row {
  readonly check: string;
  readonly outcome: Outcome;
  readonly found: string;
  readonly next?: string;
}

/** What the first checks need. */
export const nothing: Result<void> = { value: undefined };

/** Makes checks, all of them within one time limit, and collects what they found. */
export class CheckRunner {
  private readonly reports: Row[][] = [];
  private readonly running = new Set<string>();
  private readonly signal: AbortSignal;
  private readonly timeUp: Promise<never>;

  /** @param limitMs how long all checks may take together; milliseconds */
  constructor(limitMs: number) {
    this.signal = AbortSignal.timeout(limitMs);
    this.timeUp = new Promise((_resolve, reject) => {
      const error = new UserError(`no answer within the ${limitMs / 1000} s that all checks have together`);
      this.signal.addEventListener("abort", () => reject(error));
    });
    // It comes when no check waits, too.
    this.timeUp.catch(() => undefined);
  }

  /** Names of the checks that are being made. */
  get waitingFor(): readonly string[] {
    return [...this.running];
  }

  /** What was found, by the order in which the checks began. */
  get rows(): readonly Row[] {
    return this.reports.flat();
  }

  /**
   * Makes a check with what an earlier one has for it. It is skipped where that one has failed or was skipped.
   *
   * @param advice what to do when it fails, unless the UserError that it throws has a next step
   * @param run throws when there is nothing to tell but a failure; the signal ends what it waits for at the time limit
   */
  async check<N, T>(
    name: string,
    needs: Result<N>,
    advice: string,
    run: (needed: N, signal: AbortSignal) => Promise<Findings<T>>,
  ): Promise<Result<T>> {
    const report: Row[] = [];
    this.reports.push(report);
    if ("failed" in needs) {
      report.push({ check: name, outcome: "skipped", found: `${needs.failed} failed` });
      return needs;
    }
    this.running.add(name);
    try {
      const { findings, value } = await Promise.race([run(needs.value, this.signal), this.timeUp]);
      report.push(...findings.map((finding) => rowOf(finding, name, advice)));
      return findings.some(({ outcome }) => outcome === "failed") ? { failed: name } : { value };
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      const next = error instanceof UserError ? error.next : undefined;
      report.push(rowOf({ outcome: "failed", found, ...(next && { next }) }, name, advice));
      return { failed: name };
    } finally {
      this.running.delete(name);
    }
  }
}

/** Returns the results of two checks as one, for a check that needs both. */
export function both<A, B>(a: Result<A>, b: Result<B>): Result<readonly [A, B]> {
  if ("failed" in a) return a;
  return "failed" in b ? b : { value: [a.value, b.value] };
}

/** Returns what a check found where it looks at one thing, which is well. */
export function ok(found: string): Findings;
export function ok<T>(found: string, value: T): Findings<T>;
export function ok<T>(found: string, value?: T): Findings<T | undefined> {
  return { findings: [{ outcome: "ok", found }], value };
}

/** Returns what a check found where it looks at one thing, which those that need it can live with. */
export function notOk(outcome: "warning" | "unknown", found: string, next: string): Findings {
  return { findings: [{ outcome, found, next }], value: undefined };
}

function rowOf({ subject, outcome, found, next }: Finding, name: string, advice: string): Row {
  const step = next ?? (outcome === "failed" ? advice : undefined);
  return { check: subject ?? name, outcome, found, ...(step && { next: step }) };
}
