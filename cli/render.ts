import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { type KubernetesObject, stackObjects, toYaml } from "./objects";

/**
 * Writes every object of a stack as YAML, one file each, named kind-name.yaml; needs no cluster and no AWS.
 *
 * YAML files that an earlier render left in the folder are removed. Returns the files' names.
 */
export async function render(stack: string, folder: string): Promise<string[]> {
  const objects = stackObjects(stack);
  await mkdir(folder, { recursive: true });
  const earlier = (await readdir(folder)).filter((name) => name.endsWith(".yaml"));
  await Promise.all(earlier.map((name) => rm(path.join(folder, name))));
  await Promise.all(objects.map((object) => writeFile(path.join(folder, fileName(object)), toYaml([object]))));
  return objects.map(fileName);
}

function fileName({ kind, metadata }: KubernetesObject): string {
  return `${kind.toLowerCase()}-${metadata.name}.yaml`;
}
