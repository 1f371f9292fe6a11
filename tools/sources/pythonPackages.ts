import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { committedFile } from "../cache";
import type { PythonProgram } from "../part";
import { oldestPython } from "../pins";
import { run } from "../run";
import { CommandFailed, type Job, placedVersionProblem } from "./source";

const versionTimeoutMs = 10_000;
const wanted = `Python >= ${oldestPython.join(".")} with its venv module`;

/**
 * Installs a program's packages, as the committed requirements.txt pins them, into a virtual environment beside a
 * script that runs it.
 *
 * @throws CommandFailed
 */
export async function fromPythonPackages(job: Job, { folder, module }: PythonProgram): Promise<void> {
  const entry = path.dirname(path.dirname(job.target));
  const environment = path.join(entry, "python");
  await python("python3", ["-m", "venv", environment]);
  const requirements = committedFile(folder, "requirements.txt");
  const flags = ["--require-hashes", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"];
  await python(path.join(environment, "bin/python"), ["-m", "pip", "install", ...flags, "--requirement", requirements]);
  fs.mkdirSync(path.dirname(job.target), { recursive: true });
  fs.writeFileSync(job.target, launcher(module), { mode: 0o755 });
  const problem = await placedVersionProblem(job);
  if (problem !== undefined) throw new CommandFailed(`the version check of ${job.name}`, problem);
}

/**
 * Says whether the Python on PATH can install the parts.
 *
 * @returns undefined when it can, else what is missing and what was found.
 */
export async function pythonProblem(): Promise<string | undefined> {
  const asking = ["-I", "-c", "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"];
  let said: string;
  try {
    const { code, stdout } = await run("python3", asking, { cwd: os.tmpdir(), timeoutMs: versionTimeoutMs });
    if (code !== 0) return `${wanted} is needed to install it, and the \`python3\` on PATH has no such module`;
    said = stdout.trim();
  } catch {
    return `${wanted} is needed to install it, and no \`python3\` was found on PATH`;
  }
  const [major = 0, minor = 0] = said.split(".").map(Number);
  const [oldestMajor, oldestMinor] = oldestPython;
  const isNewEnough = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  return isNewEnough ? undefined : `${wanted} is needed to install it, and the \`python3\` on PATH is ${said}`;
}

/** Finds its environment from where it lies itself: the scripts that pip writes would break when the folder moves. */
function launcher(module: string): string {
  return `#!/bin/sh\nexec "\${0%/*}/../python/bin/python" -I -m ${module} "$@"\n`;
}

async function python(executable: string, args: readonly string[]): Promise<void> {
  // pip's settings for mirrors and certificates stay; those that would install elsewhere do not.
  const { PIP_USER: _user, PIP_TARGET: _target, PIP_PREFIX: _prefix, ...env } = process.env;
  const { code, stdout, stderr } = await run(executable, ["-I", ...args], { env });
  if (code !== 0) throw new CommandFailed([executable, ...args].join(" "), `${stdout}${stderr}`);
}
