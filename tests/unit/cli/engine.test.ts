import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ConcurrentUpdateError } from "@pulumi/pulumi/automation";
import { answered, stackOf, workspaceOf } from "../../../cli/lib/automation";
import { type Engine, ended, execute } from "../../../cli/lib/engine";
import { lockedByOthers } from "../../../cli/state/update";

describe("a command of the engine that fails", () => {
  it("is named with its exit code, as its own words are on the terminal", () => {
    const { message } = ended(["up", "--stack", "prod", "--yes"], 255);
    assert.equal(message, "pulumi up ended with exit code 255; what it said is above");
  });

  for (const [stack, command] of [
    ["prod", "ds bootstrap prod"],
    ["local", "ds up"],
  ] as const) {
    it(`says that ${command} makes stack ${stack}, where there is none`, () => {
      assert.equal(ended(["preview", "--stack", stack, "--diff"], 6).next, `${command}, which makes the stack`);
    });
  }

  it("has the next step of each cause that is known in what it said, which is on the terminal", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "datasets-server-engine-"));
    const executable = path.join(folder, "pulumi");
    const said =
      'spec.template: \u001b[31mfield is immutable\u001b[0m; cannot patch resource "jobs" in API group "batch"';
    await writeFile(executable, `#!/bin/sh\necho '${said}' >&2; exit 255\n`, { mode: 0o755 });
    try {
      await assert.rejects(execute({ executable, environment: {} }, ["preview", "--stack", "prod", "--diff"]), {
        message: "pulumi preview ended with exit code 255; what it said is above",
        next: /^a field of an object that is there cannot change: .*\nNext: this identity may not do that on the cluster: ds doctor prod /,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("Pulumi's library", () => {
  let folder: string;
  let engine: Engine;

  /** A Pulumi that says its version, and of everything else does this. */
  async function pulumiThat(script: string): Promise<void> {
    await writeFile(engine.executable, `#!/bin/sh\n[ "$1" = version ] && echo v3.274.1 && exit\n${script}\n`);
    await chmod(engine.executable, 0o755);
  }

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "datasets-server-engine-"));
    await mkdir(path.join(folder, "bin"));
    engine = {
      executable: path.join(folder, "bin", "pulumi"),
      environment: { ...process.env, OF_THE_USER: undefined },
    };
  });
  after(() => rm(folder, { recursive: true }));

  it("hands on the engine's variables, and no other value of this process", async () => {
    await pulumiThat('echo "{\\"theirs\\": \\"$OF_THE_USER\\", \\"ours\\": \\"$OURS\\"}"');
    process.env.OF_THE_USER = "a setting of the user's own";
    try {
      const environment = { ...engine.environment, OURS: "ours" };
      const workspace = await workspaceOf({ ...engine, environment });
      assert.deepEqual(await workspace.listTags("local"), { theirs: "", ours: "ours" });
    } finally {
      delete process.env.OF_THE_USER;
    }
  });

  it("says which command makes a stack that is not there", async () => {
    await pulumiThat("echo \"error: no stack named 'local' found\" >&2; exit 6");
    await assert.rejects(stackOf(engine, "local"), /^there is no stack local\nNext: ds up, which makes/);
    await assert.rejects(stackOf(engine, "prod"), /Next: ds bootstrap prod, which makes/);
  });

  it("takes the words by which a run on the terminal is known to have met a lock for a lock too", async () => {
    await pulumiThat(`echo 'error: ${lockedByOthers} 1 lock(s)' >&2; exit 1`);
    const workspace = await workspaceOf(engine);
    await assert.rejects(workspace.listTags("prod"), ConcurrentUpdateError);
  });

  it("fails with Pulumi's own words, and without the command line that the library puts around them", async () => {
    await pulumiThat("echo 'error: failed to load checkpoint:\nunexpected end' >&2; exit 1");
    await assert.rejects(stackOf(engine, "prod"), { message: "failed to load checkpoint:\nunexpected end" });
    const workspace = await workspaceOf(engine);
    await assert.rejects(answered(workspace.listTags("prod")), {
      message: "failed to load checkpoint:\nunexpected end",
    });
  });
});
