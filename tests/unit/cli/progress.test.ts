import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type EngineEvent, UpdateProgress, withProgress } from "../../../cli/progress";

const urn = (type: string, name: string) => `urn:pulumi:local::datasets-server::${type}::${name}`;

function metadata(op: string, type: string, name: string) {
  return { metadata: { op, type, urn: urn(type, name) } };
}

const api = metadata("create", "kubernetes:apps/v1:Deployment", "datasets-server-local-api");
const service = metadata("create", "kubernetes:core/v1:Service", "datasets-server-local-api");
const events: readonly EngineEvent[] = [
  { resourcePreEvent: metadata("create", "pulumi:pulumi:Stack", "datasets-server-local") },
  { resourcePreEvent: metadata("create", "datasets-server:index:DatasetsServer", "datasets-server") },
  { resourcePreEvent: metadata("same", "kubernetes:core/v1:Namespace", "datasets-server") },
  { resourcePreEvent: api },
  { resourcePreEvent: service },
  { resOutputsEvent: service },
];

function progressOf(...taken: readonly EngineEvent[]): UpdateProgress {
  const progress = new UpdateProgress();
  for (const event of taken) progress.take(event);
  return progress;
}

describe("the progress of an update", () => {
  it("counts objects, and names what is waited for the longest", () => {
    assert.equal(progressOf(...events).line(), "1 done, 1 under way: creating Deployment datasets-server-local-api");
  });

  it("counts nothing that is as it was, nor components", () => {
    assert.equal(progressOf(...events.slice(0, 3)).line(), "comparing with what is there");
  });

  it("ends with what has changed", () => {
    const summaryEvent = { resourceChanges: { create: 2, same: 99, update: 1, replace: 1 } };
    assert.equal(progressOf({ summaryEvent }).summary(), "2 created, 99 unchanged, 1 updated, 1 replaced");
  });

  it("keeps no warning of an object that was waited for and is ready", () => {
    const of = (urn: string, message: string) => ({ diagnosticEvent: { severity: "warning", message, urn } });
    const progress = progressOf(
      ...[{ resourcePreEvent: api }, of(api.metadata.urn, "not ready"), { resOutputsEvent: api }],
      of(service.metadata.urn, "no endpoints"),
    );
    assert.deepEqual([...progress.warnings], ["no endpoints"]);
  });

  it("keeps errors without the marks for colours, and no debug line", () => {
    const said = (severity: string, message: string) => ({ diagnosticEvent: { severity, message } });
    const progress = new UpdateProgress();
    assert.equal(progress.take(said("debug", "a secret in base64")), undefined);
    assert.equal(progress.take(said("error", "<{%reset%}>it is broken<{%reset%}>\n")), "error: it is broken");
    assert.deepEqual(progress.errors, ["it is broken"]);
  });
});

describe("an update of the local copy", () => {
  let workspace: string;
  beforeEach(async () => {
    workspace = await mkdtemp(path.join(os.tmpdir(), "datasets-server-progress-"));
  });
  afterEach(() => rm(workspace, { recursive: true }));

  /** What is printed by an update whose Pulumi prints these lines and ends with this code. */
  async function printedBy(lines: readonly string[], code: number): Promise<string> {
    const executable = path.join(workspace, "pulumi");
    await writeFile(executable, ["#!/bin/sh", "cat <<'END'", ...lines, "END", `exit ${code}`, ""].join("\n"));
    await chmod(executable, 0o755);
    const { log, error } = console;
    const printed: string[] = [];
    console.log = console.error = (line: string) => printed.push(line);
    try {
      const result = await withProgress(workspace)({ executable, environment: process.env }, ["up"], workspace);
      assert.equal(result.code, code);
    } finally {
      Object.assign(console, { log, error });
    }
    return printed.join("\n");
  }

  it("prints one line when it ends well", async () => {
    const summaryEvent = { resourceChanges: { create: 101 } };
    assert.match(
      await printedBy(
        [...events, { summaryEvent }].map((event) => JSON.stringify(event)),
        0,
      ),
      /^101 created, in \d+ s$/,
    );
  });

  it("prints the errors and where the log is when it fails; the log is for the user alone", async () => {
    const failure = { diagnosticEvent: { severity: "error", message: "Deployment is not ready" } };
    const printed = await printedBy(
      ["text of the program", ...[...events, failure].map((e) => JSON.stringify(e))],
      255,
    );
    const file = path.join(workspace, "up.log");
    assert.match(printed, /error: Deployment is not ready/);
    assert.ok(printed.includes(`the whole log: ${file}`), printed);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const log = await readFile(file, "utf8");
    assert.match(log, /Z creating Deployment datasets-server-local-api\n/);
    assert.match(log, /Z done: creating Service datasets-server-local-api\n/);
    assert.match(log, /Z text of the program\n/);
    assert.match(log, /Z error: Deployment is not ready\n/);
  });
});
