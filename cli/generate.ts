import { writeFile } from "node:fs/promises";
import * as path from "node:path";
import { stackFileJsonSchema } from "../config/jsonSchema";
import { rulesDocument } from "../policy/document";
import { accessDocument } from "./access/document";
import { stackObjects, toYaml } from "./objects";
import { projectFolder } from "./project";
import { reviewExamples } from "./review/examples";

/** A file of the repository that follows from the program; `make generate` writes it and a test compares it. */
export interface GeneratedFile {
  /** Relative to the project's folder. */
  readonly file: string;
  readonly content: () => string | Promise<string>;
}

/** The stacks whose objects are kept for review. */
const goldenStacks = ["prod", "ephemeral"] as const;

export const generatedFiles: readonly GeneratedFile[] = [
  ...goldenStacks.map((stack) => ({
    file: `tests/expected/${stack}.yaml`,
    content: async () => toYaml(stackObjects(stack)),
  })),
  {
    file: "config/stack.schema.json",
    content: () => `${JSON.stringify(stackFileJsonSchema(), null, 2)}\n`,
  },
  { file: "docs/access.md", content: accessDocument },
  { file: "docs/rules.md", content: rulesDocument },
  ...reviewExamples.map(({ name, comment }) => ({ file: `tests/expected/review/${name}.md`, content: comment })),
];

/** Writes every generated file, for its difference to be reviewed and committed. */
export async function generate(): Promise<void> {
  for (const { file, content } of generatedFiles) {
    await writeFile(path.join(projectFolder, file), await content());
    console.log(file);
  }
}
