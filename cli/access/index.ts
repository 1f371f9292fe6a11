import { mkdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { accessFiles } from "./files";

/** Writes into a folder what an administrator applies for people and CI to have their permissions on a stack, and says how. */
export async function writeAccess(stack: string, folder: string, repository?: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = accessFiles(stack, repository);
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  console.log(
    [
      `${Object.keys(files).length} files for stack ${stack} in ${folder}; who gets which: docs/access.md`,
      "an administrator of the cluster:  kubectl apply -f kubernetes.yaml",
      "an administrator of the account:  sh aws.sh",
      ...(repository === undefined ? ["the trust policies name OWNER/REPOSITORY: --repository fills it in"] : []),
    ].join("\n"),
  );
}
