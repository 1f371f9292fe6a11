import { readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { configurationDocument } from "../../config/document";
import { stackFileJsonSchema } from "../../config/jsonSchema";
import { rulesDocument } from "../../policy/document";
import { accessFiles } from "../access/files";
import { environmentLife } from "../environments/life";
import { projectFolder } from "../lib/project";
import { readStack } from "../lib/stackFile";
import { systemSvg } from "../map";
import { draw } from "../map/svg";
import { fillFolder } from "../render";
import { effectsDocument } from "./effects";
import { goldenFiles, goldenStacks } from "./golden";
import { jsonDocument } from "./jsonDocument";
import { reviewExamples } from "./reviewExamples";

/** A file of the repository that follows from the program; `make generate` writes it and a test compares it. */
export interface GeneratedFile {
  /** Relative to the project's folder. */
  readonly file: string;
  readonly content: () => string | Promise<string>;
}

/** A folder whose files of one ending all follow from the program: one that is not made any more is removed. */
export interface GeneratedFolder {
  /** Relative to the project's folder. */
  readonly folder: string;
  readonly ending: ".yaml" | ".md" | ".json" | ".sh";
  /** The text of each file, by its name. */
  readonly contents: () => Promise<Readonly<Record<string, string>>>;
}

export const generatedFiles: readonly GeneratedFile[] = [
  {
    file: "config/stack.schema.json",
    content: () => `${JSON.stringify(stackFileJsonSchema(), null, 2)}\n`,
  },
  {
    file: "docs/configuration.md",
    content: async () =>
      configurationDocument(await readFile(path.join(projectFolder, "docs/configuration.md"), "utf8"), {
        prod: readStack("prod"),
        staging: readStack("ephemeral"),
      }),
  },
  { file: "docs/json.md", content: jsonDocument },
  { file: "docs/effects.md", content: effectsDocument },
  { file: "docs/rules.md", content: rulesDocument },
  { file: "docs/system.svg", content: systemSvg },
  { file: "docs/environment-life.svg", content: () => draw(environmentLife) },
];

export const generatedFolders: readonly GeneratedFolder[] = [
  ...goldenStacks.map((stack) => ({
    folder: `tests/expected/${stack}`,
    ending: ".yaml" as const,
    contents: async () => goldenFiles(stack),
  })),
  ...(["prod", "ephemeral"] as const).flatMap((stack) =>
    ([".yaml", ".json", ".sh"] as const).map((ending) => ({
      folder: `tests/expected/access-${stack}`,
      ending,
      contents: async () =>
        Object.fromEntries(Object.entries(accessFiles(stack)).filter(([name]) => name.endsWith(ending))),
    })),
  ),
  { folder: "tests/expected/review", ending: ".md", contents: reviewExamples },
];

/** Writes every generated file, for its difference to be reviewed and committed. */
export async function generate(): Promise<void> {
  for (const { file, content } of generatedFiles) {
    await writeFile(path.join(projectFolder, file), await content());
    console.log(file);
  }
  for (const { folder, ending, contents } of generatedFolders) {
    const files = await contents();
    await fillFolder(path.join(projectFolder, folder), files, ending);
    console.log(`${folder}: ${Object.keys(files).length} files`);
  }
}
