import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { installedTool } from "../../../tools/installer";
import type { Tool, ToolTable } from "../../../tools/tool";

/** A cache, a PATH and a log of their own for one test, so that it can install fake tools. */
export interface ToolSandbox {
  readonly bin: string;
  readonly log: (line: string) => void;
  readonly lines: readonly string[];
  /** Puts an executable shell script on PATH. */
  script(name: string, body: string): string;
  /** Puts a `go` on PATH that says this version and builds executables that say `v1.2.3`, or fails for `fail/PACKAGE`. */
  fakeGo(version: string): void;
  /** The arguments of each call of that `go`. */
  goCalls(): string[];
  dispose(): void;
}

/** Those that a CI sets would have fewer releases taken. */
const unsetVariables = ["ACTIONS_ID_TOKEN_REQUEST_URL", "CI", "DATASETS_SERVER_RELEASE_MIRROR"];
const changedVariables = ["PATH", "XDG_CACHE_HOME", ...unsetVariables];

/** Only one at a time may exist, because it changes the environment of this process until it is disposed. */
export function createToolSandbox(): ToolSandbox {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "tool-sandbox-")));
  const bin = path.join(root, "bin");
  const goLog = path.join(root, "go.log");
  const before = changedVariables.map((name) => [name, process.env[name]] as const);
  const lines: string[] = [];
  fs.mkdirSync(bin);
  process.env.PATH = bin;
  process.env.XDG_CACHE_HOME = path.join(root, "cache");
  for (const name of unsetVariables) delete process.env[name];
  const script = (name: string, body: string): string => {
    const file = path.join(bin, name);
    fs.writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return file;
  };
  return {
    bin,
    lines,
    log: (line) => lines.push(line),
    script,
    fakeGo: (version) => void script("go", fakeGoScript(version, goLog)),
    goCalls: () => (fs.existsSync(goLog) ? fs.readFileSync(goLog, "utf8").trim().split("\n") : []),
    dispose: () => {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}

function fakeGoScript(version: string, log: string): string {
  return `
echo "$*" >> ${log}
case "$1" in
  env) echo ${version} ;;
  build)
    while [ $# -gt 1 ]; do [ "$1" = -o ] && target=$2; shift; done
    case "$1" in fail/*)
      i=1; while [ $i -le 30 ]; do echo "compile error $i" >&2; i=$((i+1)); done; exit 2 ;;
    esac
    printf '#!/bin/sh\\necho tool v1.2.3\\n' > "$target"; /bin/chmod +x "$target" ;;
esac`;
}

/** A tool of version v1.2.3 that says so, and that Go builds from `go/NAME`. */
export function fakeTool(name: string, overrides: Partial<Tool> = {}): Tool {
  return {
    version: "v1.2.3",
    versionCommand: { args: ["--version"] },
    goModule: { kind: "program", folder: "etcd", package: `go/${name}` },
    ...overrides,
  };
}

/** The path of an installed tool; empty when it is not in the cache. */
export function cachedPath(table: ToolTable, name: string): string {
  const tool = table[name];
  return (tool && installedTool(name, tool)?.path) ?? "";
}
