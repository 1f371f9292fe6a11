import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { secretKeys, secretMarker, secretNamed } from "../../catalog/secrets";
import { projectFolder } from "../../cli/lib/project";
import type { Config } from "../../config/build";
import { configKey, refuse, refuseSubject } from "../../config/issues";
import { parse } from "../../config/parse";
import { placeholders } from "../../config/schema";
import { parseStackFile } from "../../config/stackFile";

export interface StackConfigOptions {
  /** The stack's configuration as Pulumi would hand it over, secrets in plain text. Default: that of its fixture. */
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
  const { config = fixtureConfig(stack), encrypted = [] } = options;
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

/** The configuration that the fixture of a stack's file holds, with a marker for each secret that every stack needs. */
export function fixtureConfig(stack: string): Record<string, string> {
  const needed = secretKeys.filter((key) => secretNamed(key).needed === "always").map((key) => configKey([key]));
  return {
    ...Object.fromEntries(needed.map((key) => [key, secretMarker])),
    ...configOf(fixtureText(stack), `fixture of ${stack}`),
  };
}

/** The configuration that a stack file holds, as Pulumi hands it to a program, with markers for all that is encrypted. */
export function readConfig(file: string): Record<string, string> {
  return configOf(readFileSync(file, "utf8"), path.basename(file));
}

function configOf(text: string, name: string): Record<string, string> {
  const { texts, encrypted, issues } = parseStackFile(Buffer.from(text), name).config;
  return issues.length > 0
    ? refuseSubject(name, issues)
    : { ...texts, ...Object.fromEntries(encrypted.map((key) => [key, secretMarker])) };
}

/** The text of a stack's file as unit tests take it, with figures that no deploy changes. */
export function fixtureText(stack: string): string {
  const name = `Pulumi.${stack.startsWith("pr-") ? "ephemeral" : stack}.yaml`;
  return readFileSync(path.join(projectFolder, "tests/fixtures/stacks", name), "utf8");
}
