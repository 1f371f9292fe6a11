import * as path from "node:path";
import { stripVTControlCharacters } from "node:util";
import {
  CommandError,
  type DiagnosticEvent,
  LocalWorkspace,
  PulumiCommand,
  Stack,
  StackNotFoundError,
} from "@pulumi/pulumi/automation";
import { UserError } from "../../cluster/userError";
import { hideSecrets } from "./decryption";
import { type Engine, makes } from "./engine";
import { projectFolder } from "./project";

/** Opens Pulumi's own library on an engine, in a folder that holds a Pulumi.yaml. */
export async function workspaceOf(
  { executable, environment }: Engine,
  folder = projectFolder,
): Promise<LocalWorkspace> {
  const pulumiCommand = await PulumiCommand.get({ root: path.resolve(executable, "../..") });
  return LocalWorkspace.create({ workDir: folder, pulumiCommand, envVars: nothingBut(environment) });
}

/** The library adds variables of this process. One that the engine does not have is empty, which Pulumi takes as not set. */
function nothingBut(environment: NodeJS.ProcessEnv): Record<string, string> {
  const names = [...Object.keys(process.env), ...Object.keys(environment)];
  return Object.fromEntries(names.map((name) => [name, environment[name] ?? ""]));
}

/**
 * Selects a stack of an engine in Pulumi's own library, for a command whose output then shows none of its secrets.
 *
 * @throws when it is not there, with the command that makes it.
 */
export async function stackOf(engine: Engine, name: string): Promise<Stack> {
  const workspace = await workspaceOf(engine);
  try {
    const stack = await Stack.select(name, workspace);
    await hideSecrets(engine, name);
    return stack;
  } catch (error) {
    if (!(error instanceof StackNotFoundError)) throw plainly(error);
    throw new UserError(`there is no stack ${name}`, `${makes(name)}, which makes the stack`);
  }
}

/** Awaits what Pulumi's library answers; an error has Pulumi's own words alone. */
export async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw plainly(error);
  }
}

/** Returns an error of Pulumi's library with what Pulumi said, without the command line that the library puts around it. */
export function plainly(error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const [, said] = /Command failed with.*\n((?:.|\n)*?)\n err\?: /.exec(error.message) ?? [];
  return said === undefined ? error : new UserError(said.trim().replace(/^error: /, ""), undefined, { cause: error });
}

/** What Pulumi says in an event. The library's type leaves out debug lines, which Pulumi sends too and which may hold secrets. */
export type Diagnostic = Pick<DiagnosticEvent, "message" | "urn"> & { readonly severity: string };

/** Returns a message of Pulumi's without its colours and the marks for them. */
export function plainText(message: string): string {
  return stripVTControlCharacters(message)
    .replace(/<\{%[^%]*%\}>/g, "")
    .trim();
}

/** Returns the error of events without the summary that ends them: some may be missing. */
export function cutShort(): Error {
  return new UserError("Pulumi's events ended before its summary, so some may be missing", "run this again");
}
