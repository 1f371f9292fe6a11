import { z } from "zod";
import { checkedThing } from "../doctor";
import { driftFound } from "../drift";
import { listedEnvironment } from "../environments/list";
import { historyEntry } from "../history";
import { reviewedStack } from "../review/json";

const outputs: Readonly<Record<string, z.ZodType>> = {
  "ds doctor STACK --json": z.array(checkedThing),
  "ds drift STACK --json": driftFound,
  "ds history STACK --json": z.array(historyEntry),
  "ds pr list --json": z.array(listedEnvironment),
  "ds review STACK... --out FILE --json": z.array(reviewedStack),
};

/** What commands print with --json, each with its JSON Schema, as Markdown. */
export function jsonDocument(): string {
  const sections = Object.entries(outputs).map(([command, schema]) => {
    const text = JSON.stringify(z.toJSONSchema(schema), undefined, 2);
    return `## \`${command}\`\n\n\`\`\`json\n${text}\n\`\`\`\n`;
  });
  const head =
    "# JSON for scripts\n\n<!-- Written by `make generate` from the schemas of the commands; a test compares it. -->\n\n" +
    "What is printed on stdout with `--json`, by its JSON Schema. All else, such as errors, goes to stderr, and the exit code is the same as without it.\n";
  return [head, ...sections].join("\n");
}
