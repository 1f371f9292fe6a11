import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { committedFile } from "../../../tools/cache";
import { InstallError, installMissing } from "../../../tools/installer";
import { run } from "../../../tools/run";
import { cachedPath, createToolSandbox, fakeTool, type ToolSandbox } from "./toolSandbox";

/** A `python3` whose environments hold a Python that says what it was called with; `pip` is what its pip does. */
function fakePython(version: string, pip = "exit 0"): string {
  return `
case "$*" in
  *"import ensurepip"*) echo ${version} ;;
  *"-m venv "*)
    for folder do :; done
    /bin/mkdir -p "$folder/bin"
    printf '#!/bin/sh\\ncase "$*" in *"-m pip"*) echo "$*" >> "$0.calls"; ${pip} ;; esac\\necho v1.2.3 "$*"\\n' > "$folder/bin/python"
    /bin/chmod +x "$folder/bin/python" ;;
esac`;
}

const table = {
  alpha: fakeTool("alpha", { goModule: undefined, pythonPackages: { folder: "moto", module: "alpha.server" } }),
};

describe("a tool of Python packages", () => {
  let sandbox: ToolSandbox;
  beforeEach(() => {
    sandbox = createToolSandbox();
  });
  afterEach(() => sandbox.dispose());

  async function failure(): Promise<string> {
    const error = await installMissing(table, sandbox.log).then(
      () => assert.fail("the install succeeded"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof InstallError);
    return error.message;
  }

  it("is installed as its requirements.txt pins it, and runs from where the cache has put it", async () => {
    sandbox.script("python3", fakePython("3.10"));
    await installMissing(table, sandbox.log);
    const executable = cachedPath(table, "alpha");
    const pipCalls = fs.readFileSync(path.join(path.dirname(executable), "../python/bin/python.calls"), "utf8");
    assert.match(pipCalls, /-m pip install --require-hashes --only-binary=:all: /);
    assert.ok(pipCalls.trimEnd().endsWith(`--requirement ${committedFile("moto", "requirements.txt")}`), pipCalls);
    const { stdout } = await run(executable, ["--port", "1"]);
    assert.equal(stdout.trim(), "v1.2.3 -I -m alpha.server --port 1");
    assert.match(sandbox.lines.join("\n"), /\[1\/1\] alpha v1\.2\.3 +from Python packages/);
  });

  it("is the executable that its packages bring, where it names no module", async () => {
    sandbox.script("python3", fakePython("3.10", '/bin/cp "$0" "$0-alpha"'));
    const program = {
      "python-alpha": fakeTool("python-alpha", { goModule: undefined, pythonPackages: { folder: "moto" } }),
    };
    await installMissing(program, sandbox.log);
    const { stdout } = await run(cachedPath(program, "python-alpha"), ["--offline"]);
    assert.equal(stdout.trim(), "v1.2.3 --offline");
  });

  const unusable = [
    { is: "missing", python: undefined, says: "no `python3` was found on PATH" },
    { is: "too old", python: fakePython("3.9"), says: "the `python3` on PATH is 3.9" },
    { is: "without venv", python: "exit 1", says: "the `python3` on PATH has no such module" },
  ];
  for (const { is, python, says } of unusable) {
    it(`names the Python it needs when that is ${is}`, async () => {
      if (python !== undefined) sandbox.script("python3", python);
      const message = await failure();
      assert.match(message, /^alpha v1\.2\.3 could not be installed/);
      assert.ok(message.includes(`Python >= 3.10 with its venv module is needed to install it, and ${says}`), message);
      assert.match(message, /Next: install a recent Python 3/);
    });
  }

  it("shows what pip said when it fails, and leaves nothing in the cache", async () => {
    sandbox.script("python3", fakePython("3.12", "echo THESE PACKAGES DO NOT MATCH THE HASHES >&2; exit 1"));
    const message = await failure();
    assert.match(message, /failed: .*-m pip install/);
    assert.match(message, /THESE PACKAGES DO NOT MATCH THE HASHES/);
    assert.equal(cachedPath(table, "alpha"), "");
  });
});
