import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { run } from "../../tools/run";

/** A folder of its own for a git clone, and git in it as somebody. */
export class Clone {
  readonly folder = mkdtempSync(path.join(tmpdir(), "datasets-server-clone-"));

  /** Runs git, which must work, and returns what it prints. */
  async git(...args: readonly string[]): Promise<string> {
    const author = ["-c", "user.name=grace", "-c", "user.email=grace@example.org"];
    const { code, stdout, stderr } = await run("git", [...author, ...args], { cwd: this.folder });
    assert.equal(code, 0, stderr);
    return stdout.trim();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
