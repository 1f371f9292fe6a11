import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import * as path from "node:path";
import { clearLine, cursorTo } from "node:readline";
import { ConcurrentUpdateError, type StepEventMetadata, type SummaryEvent } from "@pulumi/pulumi/automation";
import { UserError } from "../../cluster/userError";
import { PrintableLines, printable } from "../../safety/redaction";
import { workspacePaths } from "../../tools/workspace";
import { type Diagnostic, plainly, plainText } from "../lib/automation";
import { leavingInterruptsToTheChild } from "../lib/interrupts";
import { cut, red, yellow } from "../lib/style";
import { UpdateFailed } from "../state/update";

interface StepEvent {
  readonly metadata: Pick<StepEventMetadata, "op" | "urn" | "type">;
}

/** What of Pulumi's events shows how far an update is. */
export interface ProgressEvent {
  readonly resourcePreEvent?: StepEvent;
  readonly resOutputsEvent?: StepEvent;
  readonly resOpFailedEvent?: StepEvent;
  readonly diagnosticEvent?: Diagnostic;
  readonly summaryEvent?: Pick<SummaryEvent, "resourceChanges">;
}

const participles: Readonly<Record<string, string>> = {
  create: "creating",
  update: "updating",
  delete: "deleting",
  replace: "replacing",
  "create-replacement": "creating",
  "delete-replaced": "deleting",
  refresh: "reading",
};

/** Shortest time between two lines of progress where there is no terminal; milliseconds. */
const betweenLinesMs = 5_000;

/** Errors that are shown when an update fails; the log has all. */
const shownErrors = 5;

/** How far an update is, by Pulumi's own events. */
export class UpdateProgress {
  readonly errors: string[] = [];
  private readonly warned: { readonly urn: string; readonly message: string }[] = [];
  private readonly endedWell = new Set<string>();
  private readonly underWay = new Map<string, string>();
  private done = 0;
  private changes: Readonly<Record<string, number>> = {};

  /** Takes an event in. */
  take({ resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent, summaryEvent }: ProgressEvent): void {
    if (summaryEvent) this.changes = summaryEvent.resourceChanges;
    if (resourcePreEvent) this.begin(resourcePreEvent);
    if (resOutputsEvent && this.end(resOutputsEvent)) this.endedWell.add(resOutputsEvent.metadata.urn);
    if (resOpFailedEvent) this.end(resOpFailedEvent);
    if (!diagnosticEvent) return;
    const { severity, urn = "", message } = diagnosticEvent;
    if (severity === "error") this.errors.push(plainText(message));
    if (severity === "warning") this.warned.push({ urn, message: plainText(message) });
  }

  /** Warnings that still matter: not that of an object for which Pulumi waited, and which then was ready. */
  get warnings(): ReadonlySet<string> {
    return new Set(this.warned.filter(({ urn }) => !this.endedWell.has(urn)).map(({ message }) => message));
  }

  /** One line, as in `42 done, 2 under way: creating Deployment datasets-server-local-api`. */
  line(): string {
    const [first] = this.underWay.values();
    if (first !== undefined) return `${this.done} done, ${this.underWay.size} under way: ${first}`;
    return this.done === 0 ? "comparing with what is there" : `${this.done} done`;
  }

  /** As in `101 created, 3 unchanged`. */
  summary(): string {
    const words: Readonly<Record<string, string>> = { same: "unchanged", replace: "replaced", update: "updated" };
    const counts = Object.entries(this.changes).map(([op, count]) => `${count} ${words[op] ?? `${op}d`}`);
    return counts.join(", ") || "nothing to do";
  }

  private begin({ metadata: { op, type, urn } }: StepEvent): void {
    const doing = participles[op];
    // A component, a provider and the stack are there as soon as they are begun.
    if (doing === undefined || /^(pulumi|datasets-server):/.test(type)) return;
    this.underWay.set(urn, `${doing} ${type.split(":").at(-1)} ${urn.split("::").at(-1)}`);
  }

  /** Returns whether the step was under way. */
  private end({ metadata: { urn } }: StepEvent): boolean {
    const wasUnderWay = this.underWay.delete(urn);
    if (wasUnderWay) this.done += 1;
    return wasUnderWay;
  }
}

/** What a change of a stack takes to be watched. */
export interface Watch {
  readonly onEvent: (event: ProgressEvent) => void;
  /** Receives what Pulumi prints. */
  readonly onOutput: (text: string) => void;
  readonly onError: (text: string) => void;
}

/**
 * Runs an update of a stack with one line of progress; what Pulumi prints goes to a log in the workspace. When it fails, its
 * last errors are printed, and where the log is.
 *
 * @throws an UpdateFailed when it fails; a ConcurrentUpdateError when another run holds the stack.
 */
export async function withProgress<T>(workspace: string, change: (watch: Watch) => Promise<T>): Promise<T> {
  const file = path.join(workspacePaths(workspace).root, "up.log");
  mkdirSync(path.dirname(file), { recursive: true });
  const log = openSync(file, "w", 0o600);
  const printed = new PrintableLines((text) => writeSync(log, text));
  const write = (text: string) => printed.take(text);
  const progress = new UpdateProgress();
  const display = newDisplay();
  const startedMs = Date.now();
  const onEvent = (event: ProgressEvent) => {
    progress.take(event);
    display.show(progress.line());
  };
  const printWarnings = () => {
    display.clear();
    for (const warning of progress.warnings) console.error(`${yellow("warning:", process.stderr)} ${warning}`);
  };
  try {
    const result = await leavingInterruptsToTheChild(() => change({ onEvent, onOutput: write, onError: write }));
    printWarnings();
    console.log(`${progress.summary()}, in ${Math.round((Date.now() - startedMs) / 1000)} s`);
    return result;
  } catch (error) {
    if (error instanceof ConcurrentUpdateError) throw error;
    printWarnings();
    for (const each of progress.errors.slice(-shownErrors)) console.error(`${red("error:", process.stderr)} ${each}`);
    console.error(`the whole log: ${file}`);
    if (progress.errors.length === 0) throw plainly(error);
    const failed = new UserError("pulumi up failed; what it said is above", "correct that, and run this again");
    throw new UpdateFailed(failed, progress.errors.join("\n"));
  } finally {
    display.clear();
    printed.end();
    closeSync(log);
  }
}

interface Display {
  show(line: string): void;
  clear(): void;
}

/** One line that changes on a terminal; elsewhere a line from time to time. */
function newDisplay(): Display {
  const { stdout } = process;
  let shown = "";
  if (!stdout.isTTY) {
    let lastMs = Date.now();
    const show = (line: string) => {
      if (line === shown || Date.now() - lastMs < betweenLinesMs) return;
      [shown, lastMs] = [line, Date.now()];
      console.log(line);
    };
    return { show, clear: () => undefined };
  }
  const clear = () => {
    if (shown === "") return;
    clearLine(stdout, 0);
    cursorTo(stdout, 0);
    shown = "";
  };
  const show = (line: string) => {
    if (line === shown) return;
    clear();
    // The last column stays free: a terminal would begin a new line.
    stdout.write(cut(printable(line), stdout.columns - 1));
    shown = line;
  };
  return { show, clear };
}
