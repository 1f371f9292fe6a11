import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { mostCharacters } from "../../cli/review/markdown";
import { run } from "../../tools/run";
import { fastPodStages } from "../support/e2e/cluster";
import { type Eks, newEksEngine, startEks } from "../support/e2e/eks";
import type { Engine } from "../support/e2e/engine";
import { findLeaks } from "../support/e2e/leaks";
import { setEverySecret } from "../support/e2e/secrets";
import { suiteFolder } from "../support/e2e/world";

describe("ds review, before prod is deployed and where ephemeral cannot be reached", () => {
  let eks: Eks;
  let engine: Engine;
  let out: string;
  let secrets: ReadonlyMap<string, string>;

  before(async () => {
    eks = await startEks("hub-prod", await fastPodStages());
    const folder = await suiteFolder("review");
    engine = await newEksEngine(eks, "prod", folder);
    secrets = await setEverySecret(engine);
    out = path.join(folder, "review.md");
  });
  after(() => eks.stop());

  it("tells of both stacks in one comment that fits, with the whole beside it, and of no secret", async () => {
    const command = [
      "-r",
      "ts-node/register/transpile-only",
      "cli/main.ts",
      "review",
      "prod",
      "ephemeral",
      "--out",
      out,
    ];
    const workspace = path.dirname(engine.pulumiHome);
    const { code, stdout, stderr } = await run(
      process.execPath,
      [...command, "--link", "https://example.org/run", "--workspace", workspace],
      { cwd: engine.folder, env: engine.environment, timeoutMs: 120_000 },
    );
    // One of the previews fails.
    assert.equal(code, 1, stdout + stderr);
    const comment = await fs.readFile(out, "utf8");
    const whole = await fs.readFile(out.replace(".md", "-whole.md"), "utf8");
    assert.match(comment, /^### `prod`: \d+ creations, 0 resources unchanged$/m);
    assert.match(comment, /^- created `Deployment` `datasets-server-prod-api` in `datasets-server`$/m);
    assert.match(comment, /^### `ephemeral`: the preview failed\n\nWhat it says:\n\n```text\n\S/m);
    assert.ok(comment.length <= mostCharacters, `${comment.length} characters`);
    assert.match(comment, /review-whole\.md of https:\/\/example\.org\/run/);
    assert.match(whole, /^- created `Deployment` `datasets-server-prod-api` in `datasets-server`$/m);
    const texts = { comment, whole, stdout, stderr };
    for (const [key, secret] of secrets) {
      assert.deepEqual(await findLeaks(secret, { folders: [], texts }), [], key);
    }
  });
});
