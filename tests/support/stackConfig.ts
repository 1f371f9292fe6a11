import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { stackFile } from "../../cli/lib/project";
import { secretMarker } from "../../components/objects";
import type { Config } from "../../config/build";
import { configKey, refuse, refuseSubject } from "../../config/issues";
import { parse } from "../../config/parse";
import { placeholders } from "../../config/schema";
import { readStackFile } from "../../config/stackFile";

export interface StackConfigOptions {
  /** The stack's configuration as Pulumi would hand it over, secrets in plain text. Default: that of the stack's file. */
  readonly config?: Readonly<Record<string, string>>;
  /** Keys that are encrypted besides those of secrets. Default: none. */
  readonly encrypted?: readonly string[];
}

/**
 * What a stack specifies, as the program reads it.
 *
 * @throws a UserError that names every issue.
 */
export async function stackConfig(stack: string, options: StackConfigOptions = {}): Promise<Config> {
  const { config = readConfig(stackFile(stack)), encrypted = [] } = options;
  const secretKeys = [...Object.keys(placeholders).map((key) => configKey([key])), ...encrypted];
  const isSecret = (key: string) => secretKeys.includes(key);
  const parsed = parse(
    stack,
    {
      texts: Object.fromEntries(Object.entries(config).filter(([key]) => !isSecret(key))),
      encrypted: Object.keys(config).filter(isSecret),
      issues: [],
    },
    {
      variables: process.env,
      secret: (key) => pulumi.secret(config[configKey([key])] ?? ""),
      plainSecret: (key) => {
        const value = config[configKey([key])];
        return value === secretMarker ? undefined : value;
      },
    },
  );
  return parsed.ok ? parsed.stack.config : refuse(stack, parsed.issues);
}

/** The configuration that a stack file holds, as Pulumi hands it to a program, with markers for all that is encrypted. */
export function readConfig(file: string): Record<string, string> {
  const { texts, encrypted, issues } = readStackFile(file).config;
  return issues.length > 0
    ? refuseSubject(path.basename(file), issues)
    : { ...texts, ...Object.fromEntries(encrypted.map((key) => [key, secretMarker])) };
}
