import { variableNamed, variables } from "../../catalog/variables";
import { UserError } from "../../cluster/userError";
import { suggest } from "../../config/issues";
import { isEncryptedKey } from "../../config/schema";
import { stackFile } from "../lib/project";
import { keyPage, knownPaths } from "./keys";
import { type Page, pageText } from "./page";
import { secretKeyPage } from "./secrets";
import { type ExplainedStack, readStacks } from "./stacks";
import { variablePage } from "./variables";

/** Prints what a variable or a key of a stack file is, its value in each stack, and what a change of it restarts. */
export function explain(name: string): void {
  console.log(explanation(name, readStacks(stackFile), process.stdout.columns));
}

/**
 * Returns what `ds explain` prints for a name; `columns` is how wide it may be.
 *
 * @throws a UserError that suggests other names, for one that is no variable and no key.
 */
export function explanation(name: string, stacks: readonly ExplainedStack[], columns: number | undefined): string {
  const page = pageOf(name.replace(/^datasets-server:/, "").split("."), stacks);
  if (page === undefined) throw unknownName(name, stacks);
  return pageText(page, columns);
}

function pageOf(path: readonly string[], stacks: readonly ExplainedStack[]): Page | undefined {
  const [top = ""] = path;
  const last = path.at(-1) ?? "";
  const variable = path.length === 1 || path.at(-2) === "env" ? variableNamed(last) : undefined;
  if (variable !== undefined) return variablePage(last, variable, stacks);
  return path.length === 1 && isEncryptedKey(top) ? secretKeyPage(top, stacks) : keyPage(path, stacks);
}

function unknownName(name: string, stacks: readonly ExplainedStack[]): UserError {
  const known = [...Object.keys(variables), ...knownPaths(stacks)];
  const ending = known.filter((key) => key.endsWith(`.${name}`)).slice(0, 3);
  const meant = ending.length > 0 ? `for example ${ending.join(", ")}` : suggest(name, known);
  return new UserError(
    `there is no variable and no key ${name}`,
    meant || "see docs/configuration.md, which has all variables and keys",
  );
}
