import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../cluster/userError";

/** How a thing is. `unknown`: these rights do not suffice to tell. `skipped`: a check that it needs has failed. */
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
export interface Findings<T> {
  readonly findings: readonly Finding[];
  readonly value: T;
}

export interface Check<N, T> {
  readonly name: string;
  /** What the checks that this one needs have found, such as `Promise.all([cluster, token])`. */
  readonly needs: Promise<N>;
  /** What to do when it fails, unless the UserError that it throws has a next step. */
  readonly advice: string;
  /** Throws when there is nothing to tell but a failure. The signal ends what it waits for at the time limit. */
  run(needed: N, signal: AbortSignal): Promise<Findings<T>>;
}

/** One row of the result. */
export interface Row {
  readonly check: string;
  readonly outcome: Outcome;
  readonly found: string;
  readonly next?: string;
}

/** Why a check was skipped: one that it needs has failed. */
class NeedFailed extends Error {
  constructor(readonly check: string) {
    super(`${check} failed`);
  }
}

/** Checks that run side by side, each as soon as those it needs are done, and none for longer than the limit. */
export class Examination {
  private readonly rows: Promise<readonly Row[]>[] = [];
  private readonly running = new Set<string>();

  /** @param limitMs how long one check may take; milliseconds */
  constructor(private readonly limitMs: number) {}

  /** Names of the checks that are being made. */
  get waitingFor(): readonly string[] {
    return [...this.running];
  }

  /** Starts a check. What it gives is for the `needs` of others: it rejects when this one fails or is skipped. */
  check<N, T>(check: Check<N, T>): Promise<T> {
    const result = this.make(check);
    this.rows.push(result.then(({ rows }) => rows));
    const value = result.then((done) => done.value());
    // A check that nobody needs may fail too; its rows tell of it.
    value.catch(() => undefined);
    return value;
  }

  /** The rows of all checks started so far, in the order in which they were. */
  async finish(): Promise<Row[]> {
    return (await Promise.all(this.rows)).flat();
  }

  private async make<N, T>({ name, needs, advice, run }: Check<N, T>): Promise<{ rows: Row[]; value: () => T }> {
    const unless = (error: NeedFailed) => (): never => {
      throw error;
    };
    try {
      const needed = await needs;
      this.running.add(name);
      const { findings, value } = await this.within((signal) => run(needed, signal));
      const rows = findings.map((finding) => rowOf(finding, { name, advice }));
      const failed = rows.some(({ outcome }) => outcome === "failed");
      return { rows, value: failed ? unless(new NeedFailed(name)) : () => value };
    } catch (error) {
      if (error instanceof NeedFailed) {
        return { rows: [{ check: name, outcome: "skipped", found: error.message }], value: unless(error) };
      }
      return { rows: [rowOf(failure(error), { name, advice })], value: unless(new NeedFailed(name)) };
    } finally {
      this.running.delete(name);
    }
  }

  private async within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const ending = new AbortController();
    const limit = sleep(this.limitMs, undefined, { signal: ending.signal }).then(() => {
      throw new UserError(`no answer within ${this.limitMs / 1000} s`);
    });
    try {
      return await Promise.race([work(ending.signal), limit]);
    } finally {
      ending.abort();
    }
  }
}

/** The findings of a check that looks at one thing. */
export function found<T>(finding: Finding, value: T): Findings<T> {
  return { findings: [finding], value };
}

function rowOf({ subject, outcome, found, next }: Finding, { name, advice }: { name: string; advice: string }): Row {
  const step = next ?? (outcome === "failed" ? advice : undefined);
  return { check: subject ?? name, outcome, found, ...(step && { next: step }) };
}

function failure(error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error);
  const next = error instanceof UserError ? error.next : undefined;
  return { outcome: "failed", found: message, ...(next && { next }) };
}
