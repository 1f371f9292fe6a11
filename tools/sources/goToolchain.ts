import os from "node:os";
import { oldestGo } from "../pins";
import { run } from "../run";

const versionTimeoutMs = 10_000;
const wanted = `Go >= ${oldestGo.join(".")}`;

/**
 * The environment of every `go` command: what the user's shell says about proxies and caches stays, what would change
 * the result does not.
 */
export function goEnvironment(): NodeJS.ProcessEnv {
  const { GOOS: _os, GOARCH: _arch, ...rest } = process.env;
  // Fewer collections in compiler and linker: a sixth less processor time for a tenth to a quarter more memory.
  const garbageCollection = rest.GOGC || "400";
  return { ...rest, GOFLAGS: "-mod=readonly", GOWORK: "off", GOTOOLCHAIN: "local", GOGC: garbageCollection };
}

/**
 * Says whether the Go on PATH can build the parts.
 *
 * @returns undefined when it can, else what is missing and what was found.
 */
export async function goProblem(): Promise<string | undefined> {
  let said: string;
  try {
    // In a folder without a go.mod, so that no other setting can speak.
    const options = { cwd: os.tmpdir(), env: goEnvironment(), timeoutMs: versionTimeoutMs };
    said = (await run("go", ["env", "GOVERSION"], options)).stdout.trim();
  } catch {
    return `${wanted} is needed to build it from Go modules, and no \`go\` was found on PATH`;
  }
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(said) ?? [];
  if (isNewEnough(Number(major), Number(minor))) return undefined;
  return `${wanted} is needed to build it from Go modules, and the \`go\` on PATH is ${said || "of an unknown version"}`;
}

function isNewEnough(major: number, minor: number): boolean {
  const [oldestMajor, oldestMinor] = oldestGo;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
