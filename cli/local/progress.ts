import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import * as path from "node:path";
import { clearLine, cursorTo } from "node:readline";
import {
  ConcurrentUpdateError,
  type DiagnosticEvent,
  type StdoutEngineEvent,
  type StepEventMetadata,
  type SummaryEvent,
} from "@pulumi/pulumi/automation";
import { workspacePaths } from "../../tools/workspace";
import { plainly } from "../lib/automation";
import { leavingInterruptsToTheChild } from "../lib/interrupts";
import { cut, red, yellow } from "../lib/style";

interface StepEvent {
  readonly metadata: Pick<StepEventMetadata, "op" | "urn" | "type">;
}

/** What of Pulumi's events tells how far an update is. */
export interface ProgressEvent {
  readonly resourcePreEvent?: StepEvent;
  readonly resOutputsEvent?: StepEvent;
  readonly resOpFailedEvent?: StepEvent;
  /** The library's type leaves out debug lines, which Pulumi sends too. */
  readonly diagnosticEvent?: Pick<DiagnosticEvent, "message" | "urn"> & { readonly severity: string };
  readonly stdoutEvent?: Pick<StdoutEngineEvent, "message">;
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

/** No two lines of progress come sooner after one another where there is no terminal; milliseconds. */
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

  /** Takes an event in. Returns what a log should say of it, if anything. */
  take(event: ProgressEvent): string | undefined {
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent, stdoutEvent, summaryEvent } = event;
    if (summaryEvent) this.changes = summaryEvent.resourceChanges;
    if (resourcePreEvent) return this.begun(resourcePreEvent);
    if (resOutputsEvent) return this.ended(resOutputsEvent, "done");
    if (resOpFailedEvent) return this.ended(resOpFailedEvent, "failed");
    if (stdoutEvent) return plain(stdoutEvent.message) || undefined;
    if (!diagnosticEvent || diagnosticEvent.severity === "debug") return undefined;
    const message = plain(diagnosticEvent.message);
    if (diagnosticEvent.severity === "error") this.errors.push(message);
    if (diagnosticEvent.severity === "warning") this.warned.push({ urn: diagnosticEvent.urn ?? "", message });
    return message === "" ? undefined : `${diagnosticEvent.severity}: ${message}`;
  }

  /** Warnings that still matter: not that of an object for which Pulumi waited, and which then was ready. */
  get warnings(): ReadonlySet<string> {
    return new Set(this.warned.filter(({ urn }) => !this.endedWell.has(urn)).map(({ message }) => message));
  }

  /** One line, as in `42 done, 2 under way: creating Deployment datasets-server-local-api`. */
  line(): string {
    const [first] = this.underWay.values();
    const count = this.underWay.size;
    if (first === undefined && this.done === 0) return "comparing with what is there";
    return first === undefined ? `${this.done} done` : `${this.done} done, ${count} under way: ${first}`;
  }

  /** As in `101 created, 3 unchanged`. */
  summary(): string {
    const words: Readonly<Record<string, string>> = { same: "unchanged", replace: "replaced", update: "updated" };
    const parts = Object.entries(this.changes).map(([op, count]) => `${count} ${words[op] ?? `${op}d`}`);
    return parts.join(", ") || "nothing to do";
  }

  private begun({ metadata }: StepEvent): string | undefined {
    const doing = participles[metadata.op];
    if (doing === undefined || !isObject(metadata.type)) return undefined;
    const label = `${doing} ${labelOf(metadata)}`;
    this.underWay.set(metadata.urn, label);
    return label;
  }

  private ended({ metadata }: StepEvent, how: "done" | "failed"): string | undefined {
    const label = this.underWay.get(metadata.urn);
    if (!this.underWay.delete(metadata.urn)) return undefined;
    this.done += 1;
    if (how === "done") this.endedWell.add(metadata.urn);
    return `${how}: ${label}`;
  }
}

/** Not a component, a provider or the stack: these are there as soon as they are begun. */
function isObject(type: string): boolean {
  return !type.startsWith("pulumi:") && !type.startsWith("datasets-server:");
}

/** As in `Deployment datasets-server-local-api`. */
function labelOf({ type, urn }: { readonly type: string; readonly urn: string }): string {
  return `${type.split(":").at(-1)} ${urn.split("::").at(-1)}`;
}

/** Without the marks for colours. */
function plain(message: string): string {
  return message.replace(/<\{%[^%]*%\}>/g, "").trim();
}

/** What a change of a stack takes to be watched. */
export interface Watch {
  readonly onEvent: (event: ProgressEvent) => void;
  /** Receives what Pulumi itself says on stderr. */
  readonly onError: (text: string) => void;
}

/**
 * Runs a change of a stack with one line of progress in the place of Pulumi's own output, and all of it in a log of the
 * workspace. When it fails, its last errors are printed, and where the log is.
 *
 * @param name what the log is called after, such as `up`.
 * @throws when it fails; a ConcurrentUpdateError when another run holds the stack.
 */
export async function withProgress<T>(
  workspace: string,
  name: string,
  change: (watch: Watch) => Promise<T>,
): Promise<T> {
  const file = path.join(workspacePaths(workspace).root, `${name}.log`);
  mkdirSync(path.dirname(file), { recursive: true });
  const log = openSync(file, "w", 0o600);
  const write = (text: string) => writeSync(log, `${new Date().toISOString()} ${text}\n`);
  const progress = new UpdateProgress();
  const display = newDisplay();
  const startedMs = Date.now();
  const watch: Watch = {
    onEvent: (event) => {
      const text = progress.take(event);
      if (text !== undefined) write(text);
      display.show(progress.line());
    },
    onError: write,
  };
  const printWarnings = () => {
    display.clear();
    for (const warning of progress.warnings) console.error(`${yellow("warning:", process.stderr)} ${warning}`);
  };
  try {
    const result = await leavingInterruptsToTheChild(() => change(watch));
    printWarnings();
    console.log(`${progress.summary()}, in ${Math.round((Date.now() - startedMs) / 1000)} s`);
    return result;
  } catch (error) {
    if (error instanceof ConcurrentUpdateError) throw error;
    printWarnings();
    for (const each of progress.errors.slice(-shownErrors)) console.error(`${red("error:", process.stderr)} ${each}`);
    console.error(`the whole log: ${file}`);
    throw progress.errors.length > 0 ? new Error(`pulumi ${name} failed; what it said is above`) : plainly(error);
  } finally {
    display.clear();
    closeSync(log);
  }
}

/** One line that changes on a terminal; elsewhere a line from time to time. */
function newDisplay(): { show(line: string): void; clear(): void } {
  const { stdout } = process;
  let shown = "";
  let lastMs = Date.now();
  if (!stdout.isTTY) {
    return {
      show: (line) => {
        if (line === shown || Date.now() - lastMs < betweenLinesMs) return;
        [shown, lastMs] = [line, Date.now()];
        console.log(line);
      },
      clear: () => undefined,
    };
  }
  const clear = () => {
    if (shown === "") return;
    clearLine(stdout, 0);
    cursorTo(stdout, 0);
    shown = "";
  };
  return {
    clear,
    show: (line) => {
      if (line === shown) return;
      clear();
      // The last column stays free: a terminal would begin a new line.
      stdout.write(cut(line, stdout.columns - 1));
      shown = line;
    },
  };
}
