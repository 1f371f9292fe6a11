import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { OpType } from "@pulumi/pulumi/automation";
import { type ProgressEvent, UpdateProgress, withProgress } from "../../../cli/local/progress";

const urn = (type: string, name: string) => `urn:pulumi:local::datasets-server::${type}::${name}`;

function metadata(op: OpType, type: string, name: string) {
  return { metadata: { op, type, urn: urn(type, name) } };
}

const api = metadata("create", "kubernetes:apps/v1:Deployment", "datasets-server-local-api");
const service = metadata("create", "kubernetes:core/v1:Service", "datasets-server-local-api");
const events: readonly ProgressEvent[] = [
  { resourcePreEvent: metadata("create", "pulumi:pulumi:Stack", "datasets-server-local") },
  { resourcePreEvent: metadata("create", "datasets-server:index:DatasetsServer", "datasets-server") },
  { resourcePreEvent: metadata("same", "kubernetes:core/v1:Namespace", "datasets-server") },
  { resourcePreEvent: api },
  { resourcePreEvent: service },
  { resOutputsEvent: service },
];

function progressOf(...taken: readonly ProgressEvent[]): UpdateProgress {
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
    const progress = progressOf(
      said("debug", "a secret in base64"),
      said("error", "<{%reset%}>it is broken<{%reset%}>\n"),
    );
    assert.deepEqual(progress.errors, ["it is broken"]);
    assert.equal(progress.warnings.size, 0);
  });
});

describe("an update of the local copy", () => {
  let workspace: string;
  beforeEach(async () => {
    workspace = await mkdtemp(path.join(os.tmpdir(), "datasets-server-progress-"));
  });
  afterEach(() => rm(workspace, { recursive: true }));

  /** What is printed by an update that tells of these events, and then fails or not. */
  async function printedBy(told: readonly ProgressEvent[], failure?: Error): Promise<string> {
    const { log, error } = console;
    const printed: string[] = [];
    console.log = console.error = (line: string) => printed.push(line);
    try {
      const update = withProgress(workspace, async ({ onEvent, onOutput, onError }) => {
        for (const event of told) onEvent(event);
        onOutput("what Pulumi prints\n");
        onError("warning: Pulumi's own\n");
        if (failure) throw failure;
        return "what the update answers";
      });
      if (failure) await assert.rejects(update, /^pulumi up failed; what it said is above\nNext: correct that/);
      else assert.equal(await update, "what the update answers");
    } finally {
      Object.assign(console, { log, error });
    }
    return printed.join("\n");
  }

  it("prints one line when it ends well", async () => {
    const summaryEvent = { resourceChanges: { create: 101 } };
    assert.match(await printedBy([...events, { summaryEvent }]), /^101 created, in \d+ s$/);
  });

  it("prints the errors and where the log is when it fails; the log is for the user alone", async () => {
    const diagnosticEvent = { severity: "error", message: "Deployment is not ready" };
    const printed = await printedBy([...events, { diagnosticEvent }], new Error("it failed"));
    const file = path.join(workspace, "up.log");
    assert.match(printed, /error: Deployment is not ready/);
    assert.ok(printed.includes(`the whole log: ${file}`), printed);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal(await readFile(file, "utf8"), "what Pulumi prints\nwarning: Pulumi's own\n");
  });

  it("fails with what Pulumi said where no event says why", async () => {
    const refused = withProgress(workspace, () => Promise.reject(new Error("no such plugin")));
    await assert.rejects(refused, /no such plugin/);
  });
});
