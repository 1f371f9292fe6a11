import { definitions } from "./definitions";
import { type InstalledTool, installedTool, installMissing } from "./installer";
import type { Checksums } from "./sources/checksums";
import type { ToolTable } from "./tool";
import { localGroups, type ToolGroup, type ToolIn, type ToolName, type ToolPaths, toolsOf } from "./toolbox";

export interface InstallOptions {
  /** Receives each line of progress. Default: printed on stdout. */
  readonly log?: (line: string) => void;
  /** What releases are compared with. Default: the committed ones. */
  readonly checksums?: Checksums;
}

/**
 * Installs every missing tool of some groups, and nothing else.
 *
 * @throws InstallError when a tool cannot be had from any source.
 */
export async function installTools<Group extends ToolGroup>(
  groups: readonly Group[],
  { log = console.log, checksums }: InstallOptions = {},
): Promise<ToolPaths<Group>> {
  await installMissing(tableOf(groups), log, checksums);
  return findTools(groups);
}

/**
 * Returns the installed tools of some groups. Reads nothing but the cache folder.
 *
 * @throws when a tool is missing.
 */
export function findTools<Group extends ToolGroup>(groups: readonly Group[]): ToolPaths<Group> {
  const names: readonly ToolIn<Group>[] = groups.flatMap((group) => toolsOf[group]);
  const paths = Object.fromEntries(
    names.flatMap((name) => {
      const tool = findTool(name);
      return tool === undefined ? [] : [[name, tool.path]];
    }),
  );
  if (hasAll(names, paths)) return paths;
  const missing = names.filter((name) => !(name in paths));
  const isLocal = groups.every((group) => localGroups.some((local) => local === group));
  const next = isLocal ? "ds tools install" : `ds tools install ${groups.join(" ")}`;
  throw new Error(`not installed yet: ${missing.join(", ")}. Next: run \`${next}\`.`);
}

/** Returns one tool and what is known of it; undefined when it is not installed. */
export function findTool(name: ToolName): InstalledTool | undefined {
  return installedTool(name, definitions[name]);
}

/** In the order of `definitions`, in which missing ones are built. */
function tableOf(groups: readonly ToolGroup[]): ToolTable {
  const names: readonly string[] = groups.flatMap((group) => toolsOf[group]);
  return Object.fromEntries(Object.entries(definitions).filter(([name]) => names.includes(name)));
}

function hasAll<Name extends string>(names: readonly Name[], paths: object): paths is Record<Name, string> {
  return names.every((name) => name in paths);
}
