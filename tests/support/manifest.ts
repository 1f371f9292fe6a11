import { readFileSync } from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { projectFolder } from "../../cli/lib/project";

const versions = z.record(z.string(), z.string());
const manifest = z.object({ dependencies: versions, devDependencies: versions });

/** The version of each package that package.json requires, as it is written there. */
export function packageVersions(): Readonly<Record<string, string>> {
  const text = readFileSync(path.join(projectFolder, "package.json"), "utf8");
  const { dependencies, devDependencies } = manifest.parse(JSON.parse(text));
  return { ...dependencies, ...devDependencies };
}
