import path from "node:path";
import type { Part, Platform } from "../part";
import { run } from "../run";

/** One part to get, and the folder to put it into. */
export interface Job {
  readonly name: string;
  readonly part: Part;
  readonly platform: Platform;
  /** Where the executable or the folder of files has to be in the end. */
  readonly target: string;
  /** A folder for intermediate files; it vanishes afterwards. */
  readonly scratch: string;
}

/** What a source answers: it put the part in place, or why it could not; no reason when it is not meant for this part. */
export type Attempt =
  | { readonly found: true; readonly detail?: string }
  | { readonly found: false; readonly why?: string };

export const found: Attempt = { found: true };
export const notMeantFor: Attempt = { found: false };

export function notFound(why: string): Attempt {
  return { found: false, why };
}

/** A command that a part needs ended badly. */
export class CommandFailed extends Error {
  constructor(
    readonly command: string,
    readonly output: string,
  ) {
    super(`${command} failed`);
  }
}

const versionTimeoutMs = 5_000;

/** What is wrong with the version of a part that was just put in place; undefined when nothing is or it cannot tell. */
export async function placedVersionProblem({ target, part }: Job): Promise<string | undefined> {
  return part.versionCommand?.answeredBy === undefined ? versionProblem(target, part) : undefined;
}

/**
 * Asks an executable for its version.
 *
 * @returns undefined when it is exactly `version` or cannot be asked, else what is wrong.
 */
export async function versionProblem(executable: string, part: Part): Promise<string | undefined> {
  if (part.versionCommand === undefined) return undefined;
  const { args, answeredBy } = part.versionCommand;
  const asked = answeredBy === undefined ? executable : path.join(path.dirname(executable), answeredBy);
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  try {
    const { stdout, stderr } = await run(asked, args, { timeoutMs: versionTimeoutMs, env });
    if (versionsIn(stdout).includes(part.version.replace(/^v/, ""))) return undefined;
    const said = `${stdout}${stderr}`.trim().split("\n")[0] ?? "";
    return `${asked} is not ${part.version}; it says: ${said.slice(0, 100)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function versionsIn(text: string): string[] {
  return [...text.matchAll(/\bv?(\d+\.\d+\.\d+[\w.+-]*)/g)].map((match) => match[1] ?? "");
}
