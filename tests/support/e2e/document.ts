import { readFileSync } from "node:fs";
import path from "node:path";
import { projectFolder } from "../../../cli/lib/project";

/**
 * The commands that a document of the project gives under one heading, less those that are not marked as `sh`: one text for
 * each block.
 *
 * @throws when there is no such heading, or no command under it.
 */
export function documentedCommands(document: string, heading: string): string[] {
  const text = readFileSync(path.join(projectFolder, "docs", document), "utf8");
  const [, section = ""] = text.split(new RegExp(`^#+ ${heading}$`, "m"));
  const blocks = section.split(/^#+ /m)[0]?.matchAll(/^ *```sh\n(.*?)^ *```$/gms) ?? [];
  const commands = [...blocks].map(([, block = ""]) => block);
  if (commands.length === 0) {
    throw new Error(`docs/${document} has no commands under the heading ${heading}`);
  }
  return commands;
}
