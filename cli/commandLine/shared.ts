import { type Command, InvalidArgumentError, Option } from "commander";
import { closest } from "../../config/closest";
import { identifyStack, stackKinds } from "../../config/stacks";
import { defaultWorkspace } from "../../tools/workspace";

/** What a command is, so that help shows those of a kind together. */
export const groups = {
  local: "On this machine:",
  deploy: "Preview and deploy:",
  look: "Look at a stack:",
  recover: "Recover:",
  pullRequests: "Pull requests and GitHub:",
  project: "Work on the project:",
} as const;

export interface OnWorkspace {
  readonly workspace: string;
}

/** Lets a command have what comes after `--`. */
export type PassOn = (
  command: Command,
  what: string,
) => { readonly command: Command; readonly passed: () => readonly string[] };

/** The option that permits one update what it would be refused for. */
export const allow = [
  "--allow <OBJECT...>",
  "what this run may delete, replace or change for the worse, such as Service/datasets-server-prod-api",
] as const;

/** The option that has a command print for scripts. */
export const asJson = ["--json", "as JSON, whose schema is in docs/json.md"] as const;

/** The option that has a run wait for a build. */
export const waitForImages = [
  "--wait-for-images <minutes>",
  "how long to wait for images that a build has not pushed yet; default: they must be there",
  count,
] as const;

/** The folder that holds everything a local run writes. */
export function workspaceOption(): Option {
  return new Option("--workspace <folder>", "the folder for all that a run writes on this machine").default(
    defaultWorkspace,
    "`.local` of this checkout",
  );
}

/** A command with its group, one line about it, and two examples. */
export function describe(
  command: Command,
  { group, does, examples }: { group: keyof typeof groups; does: string; examples: readonly [string, string] },
): Command {
  const lines = examples.map((example) => `  $ ds ${example}`).join("\n");
  // Below another command there are few, and all of a kind.
  if (command.parent?.parent === null) command.helpGroup(groups[group]);
  return command.description(does).addHelpText("after", `\nExamples:\n${lines}`);
}

/** Has a command take a stack as its first argument. */
export function onStack(command: Command): Command {
  return command.argument("<STACK>", `the stack: ${stackKinds.join(", ")}`, stackName).addOption(workspaceOption());
}

/** The name of a stack, or an error that lists the allowed and suggests the closest. */
export function stackName(name: string): string {
  if (identifyStack(name) === undefined) {
    const meant = closest(name, fixedStacks);
    const suggestion = meant === undefined ? "" : ` Did you mean ${meant}?`;
    throw new InvalidArgumentError(`There is no such stack; allowed: ${stackKinds.join(", ")}.${suggestion}`);
  }
  return name;
}

/** A whole number from 1 on. */
export function count(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new InvalidArgumentError("Expected a number from 1 to 9999.");
  }
  return Number(text);
}

/** Stacks that have their name for good. */
export const fixedStacks = ["prod", "ephemeral", "local"] as const;
