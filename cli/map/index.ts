import { mkdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { stackFile } from "../lib/project";
import { readStack } from "../lib/stackFile";
import { draw } from "./svg";
import { systemMap } from "./systemMap";

/** Writes a picture of a stack; needs no cluster and no AWS. */
export async function writeMap(stack: string, file: string): Promise<void> {
  const svg = await draw(systemMap(readStack(stack).config.datasetsServer));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, svg);
}

/** The picture of production, whatever this process's environment. */
export function systemSvg(): Promise<string> {
  return draw(systemMap(readStack("prod", stackFile("prod"), {}).config.datasetsServer));
}
