import { definitions } from "./definitions";
import { findTool } from "./install";
import { type Checksums, checksumKey, checksumsFile, hashOf, readChecksums } from "./sources/checksums";
import { currentPlatform } from "./tool";
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
    const why = await whyUnverified(name, checksums);
    if (why !== undefined) unverified.push({ name, why });
  }
  return unverified;
}

async function whyUnverified(name: ToolName, checksums: Checksums): Promise<string | undefined> {
  const tool = findTool(name);
  if (tool === undefined) return "it is not installed";
  const release = definitions[name].release?.(currentPlatform());
  if (release === undefined) return "it has no release for this platform";
  const expected = checksums[checksumKey(release)];
  if (expected === undefined) return `${checksumsFile} has nothing of ${checksumKey(release)}`;
  const actual = await hashOf(tool.path, "sha256");
  return actual === expected ? undefined : `its sha256 is ${actual}, and its release has ${expected}: ${tool.path}`;
}
