import type { Tool } from "../tool";
import { fromGoModules, goProblem } from "./go";
import type { Job } from "./job";
import { fromNpmPackage, npmProblem } from "./npm";
import { fromPythonPackages, pythonProblem } from "./python";

/** How a tool is made here when no source has it ready made. */
export interface Build {
  /** The version that is built, where it is not the tool's own. */
  readonly version?: string;
  /** What it does, such as "building from Go modules". */
  readonly doing: string;
  /** Where the tool is then from, such as "built from Go modules". */
  readonly source: string;
  readonly toolchain: Toolchain;
  /** @throws CommandFailed */
  run(job: Job): Promise<void>;
}

/** What a build needs on this machine. */
interface Toolchain {
  /** Returns what is missing; undefined when nothing is. */
  problem(): Promise<string | undefined>;
  /** How to get it, to follow "Next: ". */
  readonly howToGet: string;
}

const go: Toolchain = { problem: goProblem, howToGet: "install a recent Go (https://go.dev/dl/)" };

const python: Toolchain = {
  problem: pythonProblem,
  howToGet: "install a recent Python 3 (https://www.python.org/downloads/; on Debian and Ubuntu also python3-venv)",
};

const npm: Toolchain = { problem: npmProblem, howToGet: "have on PATH the npm that comes with Node.js" };

/** Returns the build of a tool; undefined when it exists ready made only. */
export function buildOf({ goModule, pythonPackages, npmPackages }: Tool): Build | undefined {
  if (npmPackages !== undefined) {
    return {
      doing: "taking from its npm package",
      source: "from its npm package",
      toolchain: npm,
      run: (job) => fromNpmPackage(job, npmPackages),
    };
  }
  if (pythonPackages !== undefined) {
    return {
      doing: "installing Python packages",
      source: "from Python packages",
      toolchain: python,
      run: (job) => fromPythonPackages(job, pythonPackages),
    };
  }
  if (goModule === undefined) return undefined;
  const run = (job: Job) => fromGoModules(job, goModule);
  return goModule.kind === "files"
    ? { doing: "taking from its Go module", source: "from its Go module", toolchain: go, run }
    : {
        doing: "building from Go modules",
        source: "built from Go modules",
        toolchain: go,
        run,
        ...(goModule.version !== undefined && { version: goModule.version }),
      };
}
