import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { committedFile } from "../cache";
import { oldestPython } from "../pins";
import { run } from "../run";
import type { PythonProgram } from "../tool";
import { isAtLeast, type Job, runBuild } from "./job";

const versionTimeoutMs = 10_000;
const wanted = `Python >= ${oldestPython.join(".")} with its venv module is needed to install it`;

/**
 * Installs a program's packages, as the committed requirements.txt pins them, into a virtual environment beside a
 * script that runs it.
 *
 * @throws CommandFailed
 */
export async function fromPythonPackages({ name, target }: Job, { folder, module }: PythonProgram): Promise<void> {
  const environment = path.join(path.dirname(target), "../python");
  const requirements = committedFile(folder, "requirements.txt");
  const flags = ["--require-hashes", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"];
  // pip's settings for mirrors and certificates stay; those that would install elsewhere do not.
  const { PIP_USER: _user, PIP_TARGET: _target, PIP_PREFIX: _prefix, ...env } = process.env;
  const python = (executable: string, args: readonly string[]) => runBuild(executable, ["-I", ...args], { env });
  await python("python3", ["-m", "venv", environment]);
  await python(path.join(environment, "bin/python"), ["-m", "pip", "install", ...flags, "--requirement", requirements]);
  // It finds its environment from where it lies itself: the scripts that pip writes would break when the folder moves.
  const [program, args] = module === undefined ? [name, ""] : ["python", `-I -m ${module} `];
  const launcher = `#!/bin/sh\nexec "\${0%/*}/../python/bin/${program}" ${args}"$@"\n`;
  fs.writeFileSync(target, launcher, { mode: 0o755 });
}

/** Returns what is missing to install Python packages; undefined when nothing is. */
export async function pythonProblem(): Promise<string | undefined> {
  const asking = ["-I", "-c", "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"];
  try {
    const { code, stdout } = await run("python3", asking, { cwd: os.tmpdir(), timeoutMs: versionTimeoutMs });
    if (code !== 0) return `${wanted}, and the \`python3\` on PATH has no such module`;
    return isAtLeast(stdout, oldestPython) ? undefined : `${wanted}, and the \`python3\` on PATH is ${stdout.trim()}`;
  } catch {
    return `${wanted}, and no \`python3\` was found on PATH`;
  }
}
