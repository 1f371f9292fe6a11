/** An operating system and processor, by Go's names. */
export interface Platform {
  readonly os: string;
  readonly arch: string;
}

/** One pinned part and every way to get it. A way that is absent is not tried. */
export interface Part {
  readonly version: string;
  /** How the executable tells its version. Absent: it cannot, so one found on PATH is not trusted. */
  readonly versionCommand?: VersionCommand;
  /** The official release for a platform; undefined where there is none. */
  readonly release?: (platform: Platform) => Release | undefined;
  readonly goModule?: GoProgram | GoFiles;
  readonly pythonPackages?: PythonProgram;
}

export interface VersionCommand {
  readonly args: readonly string[];
  /** The executable beside the part that answers for it, when the part itself has no version command. */
  readonly answeredBy?: string;
}

export interface Release {
  readonly url: string;
  /** A file of lines `<hash> <file>`, or one with only the hash of this file. */
  readonly checksumsUrl: string;
  /** The executable's path in the archive. Absent: the download is the executable itself. */
  readonly member?: string;
}

/** An executable built with the committed go.mod and go.sum of `folder` under tools/parts. */
export interface GoProgram {
  readonly kind: "program";
  readonly folder: string;
  readonly package: string;
  /** Variables that the linker sets, mostly the version. */
  readonly stamps?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** Files of a module that are copied beside the committed main.go, which embeds them. */
  readonly embeds?: ModuleFiles;
  /** The version that is built, when the modules do not serve the part's own. */
  readonly version?: string;
}

/** Plain files taken out of a module that the go.sum of `folder` under tools/parts pins. */
export interface GoFiles {
  readonly kind: "files";
  readonly folder: string;
  readonly from: ModuleFiles;
}

export interface ModuleFiles {
  readonly module: string;
  /** Paths in the module; only the base name is kept. */
  readonly paths: readonly string[];
}

/** A program of Python packages, which the committed requirements.txt of `folder` under tools/parts pins by hash. */
export interface PythonProgram {
  readonly folder: string;
  /** What `python -m` runs. */
  readonly module: string;
}

const supportedPlatforms = ["linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"];

/**
 * The platform of this process.
 *
 * @throws when the parts do not exist for it.
 */
export function currentPlatform(): Platform {
  const platform = { os: process.platform, arch: process.arch === "x64" ? "amd64" : process.arch };
  const name = `${platform.os}/${platform.arch}`;
  if (supportedPlatforms.includes(name)) return platform;
  throw new Error(
    `the local tools cannot be installed on ${name}: allowed are ${supportedPlatforms.join(", ")}. ` +
      "On Windows, work inside WSL.",
  );
}
