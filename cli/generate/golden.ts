import { plainObjects } from "../lib/objects";
import { stackFile } from "../lib/project";
import { readStack } from "../lib/stackFile";
import { objectFiles } from "../render";

/** One stack of each kind, whose objects are kept for review. */
export const goldenStacks = ["prod", "ephemeral", "local", "pr-7"] as const;

export type GoldenStack = (typeof goldenStacks)[number];

/** Stands where the tag of the images is, so that a new tag changes nothing that is kept. */
export const tagPlaceholder = "<image tag>";

/** The YAML of each object of a stack as `ds render` writes it, whatever this process's environment, by the name of its file. */
export function goldenFiles(stack: GoldenStack): Record<string, string> {
  const { datasetsServer } = readStack(stack, stackFile(stack), {}).config;
  const { images } = datasetsServer;
  const files = objectFiles(plainObjects({ ...datasetsServer, images: { ...images, tag: tagPlaceholder } }));
  // The migration's name has the tag in it; the name of a file can do without brackets and spaces.
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name.replace(tagPlaceholder, "tag"), text]));
}
