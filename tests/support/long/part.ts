import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type Figure, writeLongFigures } from "../../../bench/figures";
import { parseJson } from "../../../cli/lib/json";
import { formatDuration } from "../../../tools/progress";

const checkout = path.join(__dirname, "../../..");

/** Where long tests keep what they have done and what they need to go on, until `make test-long-discard`. */
export const longFolder = path.join(checkout, ".test-long");

/** How much of something is run, by what is counted, such as 100 environments. */
type Size = Readonly<Record<string, number>>;

export interface LongPartArgs<Result> {
  /** The name of its record. */
  readonly name: string;
  readonly size: Size;
  /** The size whose figures count. */
  readonly fullSize: Size;
  /** How many steps there will be. */
  readonly steps: number;
  /** What a step results in, as JSON. */
  readonly result: z.ZodType<Result>;
  /** Where its record is. Default: the folder of all long tests. */
  readonly folder?: string;
  /** Receives each line of progress. Default: printed. */
  readonly log?: (line: string) => void;
}

interface PartRecord<Result> {
  readonly size: Size;
  readonly seed: number;
  /** Those that its steps were done at. */
  readonly commits: string[];
  /** The steps that were begun, done or not. */
  readonly begun: string[];
  /** What failed, each time that it did. */
  readonly failures: string[];
  readonly done: Record<string, Result>;
  /** The last day on which something was done. */
  readonly day: string;
}

/**
 * A part of the long tests whose every step is recorded when it is done, so that the next run goes on after it. The record is
 * of one size and one seed (SEED; default: that of the record, or a new one); with another of either it begins anew.
 */
export class LongPart<Result> {
  private readonly file: string;
  private readonly log: (line: string) => void;
  private readonly commit = currentCommit();
  private readonly underWay = new Set<string>();
  private record: PartRecord<Result>;
  /** When this run's first step began, and how many it has done. */
  private startedMs = 0;
  private doneHere = 0;

  constructor(private readonly args: LongPartArgs<Result>) {
    this.file = path.join(args.folder ?? longFolder, `${args.name}.json`);
    this.log = args.log ?? ((line) => console.log(`      ${line}`));
    this.record = this.read() ?? this.empty(Number(process.env.SEED || randomInt(2 ** 31)));
  }

  get seed(): number {
    return this.record.seed;
  }

  /** Size, seed and what was done before, for a title. */
  get title(): string {
    const { commits, failures, done } = this.record;
    const before =
      commits.length === 0
        ? ""
        : `; before, at ${commits.join(", ")}: ${Object.keys(done).length} of ${this.args.steps} steps, ${failures.length} failures`;
    return `${sizeText(this.args.size)} (SEED=${this.seed}${before})`;
  }

  /** Whether a run before this one, or this one, has begun with it. */
  get isBegun(): boolean {
    return this.record.begun.length > 0;
  }

  get isComplete(): boolean {
    return Object.keys(this.record.done).length >= this.args.steps;
  }

  /** Results in the order of these steps, of those that are done. */
  results(steps: readonly string[]): Result[] {
    return steps.flatMap((step) => this.record.done[step] ?? []);
  }

  /** The results of all steps that are done. */
  allResults(): Result[] {
    return Object.values(this.record.done);
  }

  isDone(step: string): boolean {
    return this.record.done[step] !== undefined;
  }

  /** Whether a step was begun and did not end, so that some of what it does may be there. */
  isHalfDone(step: string): boolean {
    return this.record.begun.includes(step) && !this.isDone(step);
  }

  /** Forgets all that was done, for a reason that is printed, if there is something. */
  startAnew(reason: string): void {
    if (!this.isBegun) return;
    this.log(`${this.args.name}: ${reason}; starting anew`);
    this.record = this.empty(this.seed);
    this.write();
  }

  /** Does a step unless it is done already, and records it. One that fails counts, and is not done. */
  async step(name: string, action: () => Promise<Result>): Promise<Result> {
    const known = this.record.done[name];
    if (known !== undefined) return known;
    this.startedMs ||= Date.now();
    this.underWay.add(name);
    this.log(`${this.progress()}; waiting for ${[...this.underWay].join(", ")}`);
    if (!this.record.begun.includes(name)) this.record.begun.push(name);
    if (!this.record.commits.includes(this.commit)) this.record.commits.push(this.commit);
    this.record = { ...this.record, day: new Date().toISOString().slice(0, 10) };
    this.write();
    try {
      const result = await action();
      this.record.done[name] = result;
      this.doneHere += 1;
      return result;
    } catch (error) {
      this.record.failures.push(`${name}: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
      throw error;
    } finally {
      this.underWay.delete(name);
      this.write();
    }
  }

  /** How many of all tries of steps were good, such as `30 of 31`. */
  score(): string {
    const good = Object.keys(this.record.done).length;
    return `${good} of ${good + this.record.failures.length}`;
  }

  /** Writes figures into bench/results.md when all steps are done at full size, and else says that they are not written. */
  async writeFigures(figures: readonly Figure[]): Promise<void> {
    for (const { what, measured } of figures) this.log(`${what}: ${measured}`);
    if (!isDeepStrictEqual(this.args.size, this.args.fullSize) || !this.isComplete) {
      this.log(`not written into bench/results.md: that takes all of ${sizeText(this.args.fullSize)}`);
      return;
    }
    const when = [this.record.day, ...this.record.commits].join(", ");
    await writeLongFigures(figures.map((figure) => ({ ...figure, size: sizeText(this.args.size), when })));
  }

  private progress(): string {
    const done = Object.keys(this.record.done).length;
    const left = ((Date.now() - this.startedMs) / this.doneHere) * (this.args.steps - done);
    return `${done} of ${this.args.steps} done${this.doneHere > 0 ? `, about ${formatDuration(left)} left` : ""}`;
  }

  private empty(seed: number): PartRecord<Result> {
    return { size: { ...this.args.size }, seed, commits: [], begun: [], failures: [], done: {}, day: "" };
  }

  private read(): PartRecord<Result> | undefined {
    if (!fs.existsSync(this.file)) return undefined;
    const schema = z.object({
      size: z.record(z.string(), z.number()),
      seed: z.number(),
      commits: z.array(z.string()),
      begun: z.array(z.string()),
      failures: z.array(z.string()),
      done: z.record(z.string(), this.args.result),
      day: z.string(),
    });
    const { data } = schema.safeParse(parseJson(fs.readFileSync(this.file, "utf8")));
    const sameSeed = !process.env.SEED || Number(process.env.SEED) === data?.seed;
    return sameSeed && isDeepStrictEqual(data?.size, this.args.size) ? data : undefined;
  }

  private write(): void {
    fs.mkdirSync(path.dirname(this.file), { recursive: true });
    // Renamed into place: a run may be killed while it writes.
    fs.writeFileSync(`${this.file}.new`, JSON.stringify(this.record, undefined, 2));
    fs.renameSync(`${this.file}.new`, this.file);
  }
}

function sizeText(size: Size): string {
  return Object.entries(size)
    .map(([what, count]) => `${count} ${what}`)
    .join(", ");
}

/** The commit that is checked out, marked when files differ from it. */
function currentCommit(): string {
  return execFileSync("git", ["describe", "--always", "--dirty"], { cwd: checkout, encoding: "utf8" }).trim();
}
