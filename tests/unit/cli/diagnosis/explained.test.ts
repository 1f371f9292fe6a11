import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { explained } from "../../../../cli/diagnosis";
import { ended } from "../../../../cli/lib/engine";
import { UpdateFailed } from "../../../../cli/state/update";
import { errorText, UserError } from "../../../../cluster/userError";

describe("an update that fails", () => {
  let folder: string;
  let shown: string[];
  const { error: print } = console;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "datasets-server-explained-"));
    shown = [];
    console.error = (line: string) => shown.push(line);
  });
  afterEach(async () => {
    console.error = print;
    await rm(folder, { recursive: true });
  });

  /** What the user reads after a change of stack prod that fails so. */
  async function textAfter(failure: Error): Promise<string> {
    const engine = { executable: "pulumi", environment: { PULUMI_BACKEND_URL: `file://${folder}` } };
    const change = () => Promise.reject(failure);
    return explained(engine, "prod", change).then(
      () => assert.fail("it did not fail"),
      (error: unknown) => errorText(error),
    );
  }

  it("ends with the next step of each known cause, and says where the cluster could not be asked", async () => {
    const said = 'exceeded quota: q, requested: pods=1\nJob.batch "x" is invalid: spec.template: field is immutable';
    const [head, ...steps] = (await textAfter(new UpdateFailed(ended(["up"], 255), said))).split("\n");
    assert.equal(head, "pulumi up ended with exit code 255; what it said is above");
    assert.equal(steps.length, 2);
    for (const step of steps) assert.match(step, /^Next: \w/);
    assert.match(shown.join("\n"), /^the cluster was not asked why: /);
  });

  it("keeps its own next step where no cause is known", async () => {
    const failed = new UpdateFailed(new UserError("pulumi up failed", "correct that, and run this again"), "timed out");
    assert.equal(await textAfter(failed), "pulumi up failed\nNext: correct that, and run this again");
  });

  it("is not explained where Pulumi did not begin, as with a lock", async () => {
    assert.equal(await textAfter(new UserError("stack prod is locked")), "stack prod is locked");
    assert.deepEqual(shown, []);
  });
});
