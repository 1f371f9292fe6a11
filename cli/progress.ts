import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import * as path from "node:path";
import { clearLine, cursorTo } from "node:readline";
import { z } from "zod";
import { run } from "../tools/run";
import { workspacePaths } from "../tools/workspace";
import type { Runner } from "./engine";
import { cut, red, yellow } from "./style";

const resource = z.object({ metadata: z.object({ op: z.string(), urn: z.string(), type: z.string() }) });

/** The events of `pulumi up --json` that tell how far it is, one JSON object a line. */
const engineEvent = z.object({
  resourcePreEvent: resource.optional(),
  resOutputsEvent: resource.optional(),
  resOpFailedEvent: resource.optional(),
  diagnosticEvent: z.object({ message: z.string(), severity: z.string(), urn: z.string().default("") }).optional(),
  summaryEvent: z.object({ resourceChanges: z.record(z.string(), z.number()).default({}) }).optional(),
});

export type EngineEvent = z.input<typeof engineEvent>;

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
  take(event: EngineEvent): string | undefined {
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent, summaryEvent } =
      engineEvent.parse(event);
    if (summaryEvent) this.changes = summaryEvent.resourceChanges;
    if (resourcePreEvent) return this.begun(resourcePreEvent);
    if (resOutputsEvent) return this.ended(resOutputsEvent, "done");
    if (resOpFailedEvent) return this.ended(resOpFailedEvent, "failed");
    if (!diagnosticEvent || diagnosticEvent.severity === "debug") return undefined;
    const message = plain(diagnosticEvent.message);
    if (diagnosticEvent.severity === "error") this.errors.push(message);
    if (diagnosticEvent.severity === "warning") this.warned.push({ urn: diagnosticEvent.urn, message });
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

  private begun({ metadata }: z.infer<typeof resource>): string | undefined {
    const doing = participles[metadata.op];
    if (doing === undefined || !isObject(metadata.type)) return undefined;
    const label = `${doing} ${labelOf(metadata)}`;
    this.underWay.set(metadata.urn, label);
    return label;
  }

  private ended({ metadata }: z.infer<typeof resource>, how: "done" | "failed"): string | undefined {
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

/**
 * Runs an update of Pulumi with one line of progress in the place of its own output, and all of it in a log of the
 * workspace. When it fails, its last errors are printed, and where the log is.
 */
export function withProgress(workspace: string): Runner {
  return async ({ executable, environment: env }, args, cwd) => {
    const file = path.join(workspacePaths(workspace).root, `${args[0]}.log`);
    mkdirSync(path.dirname(file), { recursive: true });
    const log = openSync(file, "w", 0o600);
    const progress = new UpdateProgress();
    const display = newDisplay();
    const startedMs = Date.now();
    try {
      const result = await run(executable, [...args, "--json", "--non-interactive"], {
        cwd,
        env,
        onLine: (line) => {
          const event = parseEvent(line);
          const text = event === undefined ? line : progress.take(event);
          if (text !== undefined) writeSync(log, `${new Date().toISOString()} ${text}\n`);
          display.show(progress.line());
        },
      });
      display.clear();
      for (const warning of progress.warnings) console.error(`${yellow("warning:", process.stderr)} ${warning}`);
      if (result.code === 0) {
        console.log(`${progress.summary()}, in ${Math.round((Date.now() - startedMs) / 1000)} s`);
      } else {
        for (const error of progress.errors.slice(-shownErrors))
          console.error(`${red("error:", process.stderr)} ${error}`);
        if (result.stderr !== "") console.error(result.stderr.trimEnd());
        console.error(`the whole log: ${file}`);
      }
      return result;
    } finally {
      display.clear();
      closeSync(log);
    }
  };
}

/** The event that a line is; undefined for a text of the program or of Pulumi itself. */
function parseEvent(line: string): EngineEvent | undefined {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return undefined;
  }
  // What is no event that is known here may hold values, and must not reach the log as it is.
  return engineEvent.safeParse(event).data ?? {};
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
