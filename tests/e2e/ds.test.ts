import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { type RunResult, run } from "../../tools/run";
import { copyCheckout } from "../support/e2e/checkout";
import { suiteFolder } from "../support/e2e/world";

describe("ds, as a user of a fresh clone runs it", () => {
  let checkout: string;
  let workspace: string;

  before(async () => {
    const suite = await suiteFolder("ds");
    [checkout, workspace] = [path.join(suite, "checkout"), path.join(suite, "workspace")];
    await copyCheckout(checkout);
  });
  after(() => ds("down"));

  /** Runs ds from a folder that is not the project's. */
  function ds(name: string, ...words: readonly string[]): Promise<RunResult> {
    const args = [name, "--workspace", workspace, ...words];
    return run(path.join(checkout, "ds"), args, { cwd: path.dirname(checkout), timeoutMs: 5 * 60_000 });
  }

  async function succeeds(...words: readonly [string, ...string[]]): Promise<string> {
    const { code, stdout, stderr } = await ds(...words);
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  }

  it("brings a local copy up in few lines, and names no address at which nothing answers", async () => {
    const stdout = await succeeds("up");
    assert.match(stdout, /^\d+ created, in \d+ s$/m);
    assert.match(stdout, /^datasets-server-local-api +\d\/\d +\S+$/m);
    assert.match(stdout, /the nodes are simulated: no process of a pod runs/);
    assert.doesNotMatch(stdout, /https?:\/\//);
    assert.ok(stdout.split("\n").length < 60, stdout);
    assert.equal((await stat(path.join(workspace, "up.log"))).mode & 0o777, 0o600);
  });

  it("finds nothing to change then", async () => {
    assert.match(await succeeds("up"), /^\d+ unchanged, in \d+ s$/m);
    await succeeds("preview", "local", "--", "--expect-no-changes");
  });

  it("runs the pinned pulumi on a stack, and ends with its exit code", async () => {
    assert.equal((await succeeds("pulumi", "local", "--", "stack", "output", "namespace")).trim(), "datasets-server");
    const { code } = await ds("pulumi", "local", "--", "preview", "--expect-no-changes", "--target", "nothing");
    assert.notEqual(code, 0);
  });

  it("opens a shell, or runs a command, where pulumi and kubectl are on the stack", async () => {
    assert.match(await succeeds("shell", "local", "--", "kubectl", "get", "namespaces"), /^datasets-server +Active/m);
    assert.equal((await ds("shell", "--", "sh", "-c", "exit 7")).code, 7);
  });

  it("finds all well", async () => {
    assert.match(await succeeds("doctor", "local"), /^ok +\d+ permissions\n[\s\S]*^stack local: \d+ ok$/m);
  });

  it("takes it down and leaves nothing", async () => {
    assert.match(await succeeds("down"), /^the local copy is gone; /m);
    assert.equal(existsSync(workspace), false);
    assert.match(await succeeds("down"), /nothing to take down/);
  });
});
