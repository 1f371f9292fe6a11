import * as path from "node:path";

/** The folder of the project: where the program, its stack files and its commands are. */
export const projectFolder = path.resolve(__dirname, "../..");

/** The stack file that configures a stack: its own, or for a pull request that of the cluster it runs on. */
export function stackFile(stack: string): string {
  return path.join(projectFolder, stackFileName(stack));
}

/** The name of that file, in whatever checkout. */
export function stackFileName(stack: string): string {
  return `Pulumi.${stack.startsWith("pr-") ? "ephemeral" : stack}.yaml`;
}
