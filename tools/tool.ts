/** An operating system and processor, by Go's names. */
export interface Platform {
  readonly os: string;
  readonly arch: string;
}

/** A pinned tool and every way to get it. A way that is absent is not tried. */
export interface Tool {
  readonly version: string;
  /** The executable's file name. Default: the tool's own name. */
  readonly executable?: string;
  /** How the executable tells its version. Absent: it cannot, so one found on PATH is not trusted. */
  readonly versionCommand?: VersionCommand;
  /** The official release for a platform; undefined where there is none. */
  readonly release?: (platform: Platform) => Release | undefined;
  readonly goModule?: GoProgram | GoFiles;
  readonly pythonPackages?: PythonProgram;
  /** The npm package that holds the executable, for each platform that has one. */
  readonly npmPackages?: Readonly<Record<string, NpmPackage>>;
}

export type ToolTable = Readonly<Record<string, Tool>>;

export interface VersionCommand {
  readonly args: readonly string[];
  /** The executable beside the tool that answers for it, when the tool itself has no version command. */
  readonly answeredBy?: string;
}

export interface Release {
  readonly url: string;
  /** A file of lines `<hash> <file>`, or one with only the hash of this file. Absent: the project publishes none. */
  readonly checksumsUrl?: string;
  /** The executable's path in the archive. Absent: the download is the executable itself. */
  readonly member?: string;
}

/** An executable built with the committed go.mod and go.sum of `folder` under tools/builds. */
export interface GoProgram {
  readonly kind: "program";
  readonly folder: string;
  readonly package: string;
  /** Variables that the linker sets, mostly the version. */
  readonly stamps?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** Files of a module that are copied beside the committed main.go, which embeds them. */
  readonly embeds?: ModuleFiles;
  /** The version that is built, when the modules do not serve the tool's own. */
  readonly version?: string;
}

/** Plain files taken out of a module that the go.sum of `folder` under tools/builds pins. */
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

/** A program of Python packages, which the committed requirements.txt of `folder` under tools/builds pins by hash. */
export interface PythonProgram {
  readonly folder: string;
  /** What `python -m` runs. Absent: the packages bring an executable of the tool's name. */
  readonly module?: string;
}

/** An npm package, one executable of which is the tool. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** The executable's path in the package. */
  readonly member: string;
  /** The integrity of the package's file, as `sha512-` and base64. */
  readonly integrity: string;
}

/** Every platform that the tools can be installed on. */
export const supportedPlatforms: readonly Platform[] = ["linux", "darwin"].flatMap((os) =>
  ["amd64", "arm64"].map((arch) => ({ os, arch })),
);

export function platformName({ os, arch }: Platform): string {
  return `${os}/${arch}`;
}

/**
 * Returns the platform of this process.
 *
 * @throws when the tools do not exist for it.
 */
export function currentPlatform(): Platform {
  const platform = { os: process.platform, arch: process.arch === "x64" ? "amd64" : process.arch };
  const names = supportedPlatforms.map(platformName);
  if (names.includes(platformName(platform))) return platform;
  throw new Error(
    `the tools cannot be installed on ${platformName(platform)}; expected one of ${names.join(", ")}. ` +
      "On Windows, work inside WSL.",
  );
}
