import { cachedPaths, type InstalledTool, installedTool, installParts, type PartTable } from "./installer";
import { parts } from "./parts";
import {
  type InstallOptions,
  localGroups,
  type ToolGroup,
  type ToolIn,
  type ToolName,
  type ToolPaths,
  toolsOf,
} from "./toolbox";

/**
 * Installs every missing tool of some groups, and nothing else.
 *
 * @throws InstallError when a tool cannot be had from any source.
 */
export async function installTools<Group extends ToolGroup>(
  groups: readonly Group[],
  { log = console.log }: InstallOptions = {},
): Promise<ToolPaths<Group>> {
  await installParts(tableOf(groups), log);
  return findTools(groups);
}

/**
 * Returns the installed tools of some groups. Touches nothing but the cache folder.
 *
 * @throws when a tool is missing.
 */
export function findTools<Group extends ToolGroup>(groups: readonly Group[]): ToolPaths<Group> {
  const names = namesIn(groups);
  const paths = Object.fromEntries(cachedPaths(tableOf(groups)));
  if (hasAll(names, paths)) return paths;
  const missing = names.filter((name) => !(name in paths));
  const isLocal = groups.every((group) => localGroups.some((local) => local === group));
  const next = isLocal ? "ds tools install" : `ds tools install ${groups.join(" ")}`;
  throw new Error(`not installed yet: ${missing.join(", ")}. Next: run \`${next}\`.`);
}

/** Returns one tool and what is known of it; undefined when it is not installed. */
export function findTool(name: ToolName): InstalledTool | undefined {
  return installedTool(name, parts[name]);
}

function namesIn<Group extends ToolGroup>(groups: readonly Group[]): ToolIn<Group>[] {
  return groups.flatMap((group) => toolsOf[group]);
}

/** In the order of `parts`, in which missing ones are built. */
function tableOf(groups: readonly ToolGroup[]): PartTable {
  const names: readonly string[] = namesIn(groups);
  return Object.fromEntries(Object.entries(parts).filter(([name]) => names.includes(name)));
}

function hasAll<Name extends string>(names: readonly Name[], paths: object): paths is Record<Name, string> {
  return names.every((name) => name in paths);
}
