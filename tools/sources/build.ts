import type { Part } from "../part";
import { fromGoModules } from "./goModules";
import { goProblem } from "./goToolchain";
import { fromNpmPackage, npmProblem } from "./npmPackages";
import { fromPythonPackages, pythonProblem } from "./pythonPackages";
import type { Job } from "./source";

/** How a part is made here when nobody has it ready made. */
export interface Build {
  /** What is built, where it is not the part's own version. */
  readonly version: string;
  /** What it does, such as "building from Go modules". */
  readonly doing: string;
  /** Where the part is then from, such as "built from Go modules". */
  readonly source: string;
  readonly mayTakeMinutes: boolean;
  readonly toolchain: Toolchain;
  /** @throws CommandFailed */
  run(job: Job): Promise<void>;
}

/** What a build needs on this machine. */
export interface Toolchain {
  /** What is missing; undefined when nothing is. */
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

/** The build of a part; undefined when it exists ready made only. */
export function buildOf({ version, goModule, pythonPackages, npmPackages }: Part): Build | undefined {
  if (npmPackages !== undefined) {
    return {
      version,
      doing: "taking from its npm package",
      source: "from its npm package",
      mayTakeMinutes: true,
      toolchain: npm,
      run: (job) => fromNpmPackage(job, npmPackages),
    };
  }
  if (pythonPackages !== undefined) {
    return {
      version,
      doing: "installing Python packages",
      source: "from Python packages",
      mayTakeMinutes: true,
      toolchain: python,
      run: (job) => fromPythonPackages(job, pythonPackages),
    };
  }
  if (goModule === undefined) return undefined;
  const isProgram = goModule.kind === "program";
  return {
    version: (isProgram ? goModule.version : undefined) ?? version,
    doing: isProgram ? "building from Go modules" : "taking from its Go module",
    source: isProgram ? "built from Go modules" : "from its Go module",
    mayTakeMinutes: isProgram,
    toolchain: go,
    run: (job) => fromGoModules(job, goModule),
  };
}
