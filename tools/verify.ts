import { definitions } from "./definitions";
import { findTool } from "./install";
import { type Checksums, readChecksums, releaseMismatch } from "./sources/checksums";
import { type ToolGroup, type ToolName, toolsOf } from "./toolbox";

/** A tool that is not known to be what its project released. */
export interface UnverifiedTool {
  readonly name: ToolName;
  readonly why: string;
}

/**
 * Compares each installed tool of some groups with the committed checksum of the executable in its release. It believes
 * nothing that the cache says of itself, so it also finds what another job wrote there.
 *
 * @param checksums Default: the committed ones.
 * @returns every tool that is something else, or of which nothing is committed, such as one that was compiled.
 */
export async function unverifiedTools(
  groups: readonly ToolGroup[],
  checksums: Checksums = readChecksums(),
): Promise<UnverifiedTool[]> {
  const unverified: UnverifiedTool[] = [];
  for (const name of groups.flatMap((group): readonly ToolName[] => toolsOf[group])) {
    const tool = findTool(name);
    const why =
      tool === undefined ? "it is not installed" : await releaseMismatch(definitions[name], tool.path, checksums);
    if (why !== undefined) unverified.push({ name, why });
  }
  return unverified;
}
