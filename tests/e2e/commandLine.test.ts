import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { projectFolder } from "../../cli/lib/project";
import { run } from "../../tools/run";
import { start } from "../support/commandLine";

const ds = path.join(projectFolder, "ds");

describe("the completion of ds", () => {
  const shells = [
    { shell: "bash", line: (script: string, words: string) => `${script}\n${bashAsks(words)}` },
    { shell: "zsh", line: (script: string) => `autoload -U compinit; compinit -u -D\n${script}\n_ds_words ""` },
    { shell: "fish", line: (script: string, words: string) => `${script}\ncomplete -C "ds ${words}"` },
  ] as const;

  for (const { shell, line } of shells) {
    it(`is accepted by ${shell}, which then completes commands`, async function () {
      const there = await run("sh", ["-c", `command -v ${shell}`]);
      if (there.code !== 0) return this.skip();
      const { stdout: script } = await start(["completion", shell]);
      const { code, stdout, stderr } = await run(shell, ["-c", line(script, "dep")]);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /\bdeploy\b/);
    });
  }

  it("knows commands below commands, options and stacks", async () => {
    const { stdout: script } = await start(["completion", "bash"]);
    for (const [words, expected] of [
      ["dep", ["deploy"]],
      [
        "deploy ",
        [
          "prod",
          "ephemeral",
          "local",
          "--workspace",
          "--yes",
          "--wait-for-images",
          "--back",
          "--dirty",
          "--approved",
          "--no-smoke",
          "--allow",
          "--help",
        ],
      ],
      ["deploy prod --y", ["--yes"]],
      ["pr s", ["sweep"]],
      ["pr up 12 --im", ["--image"]],
      ["completion ", ["bash", "zsh", "fish", "--help"]],
      ["review p", ["post", "prod"]],
    ] as const) {
      const { stdout } = await run("bash", ["-c", `${script}\n${bashAsks(words)}`]);
      assert.deepEqual(stdout.trim().split("\n").sort(), [...expected].sort(), words);
    }
  });
});

describe("./ds", () => {
  it("works from any folder and through links, and takes files from where the user is", async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "datasets-server-ds-"));
    try {
      await fs.symlink(ds, path.join(folder, "first"));
      await fs.symlink("first", path.join(folder, "ds"));
      const { code, stdout, stderr } = await run(path.join(folder, "ds"), ["render", "ephemeral", "--out", "objects"], {
        cwd: folder,
      });
      assert.equal(code, 0, stdout + stderr);
      assert.ok((await fs.readdir(path.join(folder, "objects"))).includes("namespace-datasets-server.yaml") || stdout);
    } finally {
      await fs.rm(folder, { recursive: true });
    }
  });

  it("says nothing when its reader has had enough", async () => {
    const { stderr } = await run("bash", ["-c", `"${ds}" --help | true`]);
    assert.equal(stderr, "");
  });

  it("says what to install where there is no Node.js", async () => {
    const { code, stderr } = await run("/bin/sh", [ds, "up"], { env: { PATH: await pathWithoutNode() } });
    assert.equal(code, 1);
    assert.match(stderr, /needs Node\.js, and there is no node on PATH\nNext: install Node\.js/);
  });
});

/** Has bash complete the last word, as it does at a TAB. */
function bashAsks(words: string): string {
  const list = words.split(" ").map((word) => `"${word}"`);
  return `COMP_WORDS=(ds ${list.join(" ")}); COMP_CWORD=${list.length}; _ds; printf '%s\\n' "\${COMPREPLY[@]}"`;
}

/** A folder with what the script needs besides Node.js. */
async function pathWithoutNode(): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "datasets-server-path-"));
  for (const name of ["dirname", "readlink"]) {
    const { stdout } = await run("sh", ["-c", `command -v ${name}`]);
    await fs.symlink(stdout.trim(), path.join(folder, name));
  }
  return folder;
}
