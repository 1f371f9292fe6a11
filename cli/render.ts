import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { type KubernetesObject, stackObjects, toYaml } from "./lib/objects";

/**
 * Writes every object of a stack as YAML, one file each, named kind-name.yaml; needs no cluster and no AWS.
 *
 * YAML files that an earlier render left in the folder are removed. Returns the files' names.
 */
export async function render(stack: string, folder: string): Promise<string[]> {
  const files = objectFiles(stackObjects(stack));
  await fillFolder(folder, files, ".yaml");
  return Object.keys(files);
}

/** The YAML of each object, by the name of its file. */
export function objectFiles(objects: readonly KubernetesObject[]): Record<string, string> {
  return Object.fromEntries(objects.map((object) => [fileName(object), toYaml([object])]));
}

/** Writes files into a folder, and removes every other one there that has this ending. */
export async function fillFolder(folder: string, files: Readonly<Record<string, string>>, ending: string) {
  await mkdir(folder, { recursive: true });
  const others = (await readdir(folder)).filter((name) => name.endsWith(ending) && !Object.hasOwn(files, name));
  await Promise.all(others.map((name) => rm(path.join(folder, name))));
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(path.join(folder, name), text)));
}

function fileName({ kind, metadata }: KubernetesObject): string {
  return `${kind.toLowerCase()}-${metadata.name}.yaml`;
}
