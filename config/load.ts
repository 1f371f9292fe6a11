import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { hideValues } from "../safety/redaction";
import type { Config } from "./build";
import { configKey, refuse } from "./issues";
import { type ConfigValues, foreignKeys, parse, parseJson } from "./parse";
import { outputParameters, parameterVariables, readParameters } from "./pullRequest";
import { recordedOutputs } from "./recordedOutputs";
import { readStackFile } from "./stackFile";
import { identifyStack } from "./stacks";

/**
 * Reads the configuration that Pulumi hands to this program; the only place that does.
 *
 * Where a secret is still its placeholder, a preview warns and an update is refused.
 *
 * @throws a UserError that names every issue: the key, its value and what is allowed.
 */
export async function loadConfig(): Promise<Config> {
  const name = pulumi.getStack();
  const given = pulumi.runtime.allConfig();
  const config = new pulumi.Config();
  const values = valuesOf(given);
  hideValues(values.encrypted.map((key) => given[key] ?? ""));
  const parsed = parse(
    name,
    { ...values, ...textOf(name, values) },
    {
      variables: await variablesOf(name),
      secret: (key) => config.requireSecret(key),
      plainSecret: (key) => given[configKey([key])],
    },
  );
  const isPreview = pulumi.runtime.isDryRun();
  if (isPreview) {
    for (const { key, message } of parsed.warnings) {
      void pulumi.log.warn(`${key}: ${message}. An update would be refused.`);
    }
  }
  const refused = isPreview ? [] : parsed.warnings;
  if (!parsed.ok) {
    return refuse(name, [...parsed.issues, ...refused]);
  }
  return refused.length > 0 ? refuse(name, refused) : parsed.stack.config;
}

/**
 * Returns the variables of this run. A plain `pulumi up` of a pull request's stack is told nothing of it: what its last update recorded
 * counts then, so that the environment stays as it is, and where it is.
 */
async function variablesOf(stack: string): Promise<NodeJS.ProcessEnv> {
  if (identifyStack(stack)?.kind !== "pr-N") return process.env;
  const recorded = outputParameters((await recordedOutputs()).pullRequest);
  return { ...process.env, ...parameterVariables({ ...recorded, ...readParameters(process.env) }) };
}

/** What Pulumi hands over, less the plain text of what is encrypted. */
function valuesOf(given: Readonly<Record<string, string>>): ConfigValues {
  const listed: unknown = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS || "[]");
  const secretKeys: readonly unknown[] = Array.isArray(listed) ? listed : [];
  const entries = Object.entries(given);
  return {
    texts: Object.fromEntries(entries.filter(([key]) => !secretKeys.includes(key))),
    encrypted: Object.keys(given).filter((key) => secretKeys.includes(key)),
    issues: [],
  };
}

/**
 * What the text of the stack file in use adds: where its keys are, and what is wrong with it.
 *
 * Pulumi does not say which file that is, as `--config-file` may name any. A file counts as the one in use where it holds what
 * Pulumi handed over, in all but the keys whose text is in doubt. Where none does, none is judged, and what Pulumi handed over
 * is checked alone.
 */
function textOf(stack: string, values: ConfigValues): Partial<Pick<ConfigValues, "issues" | "places">> {
  const folder = pulumi.getRootDirectory();
  if (folder === "") {
    // Not run by Pulumi, and so with values of no file.
    return {};
  }
  const owners = identifyStack(stack)?.kind === "pr-N" ? ["ephemeral", "local"] : [stack];
  const files = owners.map((owner) => readStackFile(path.join(folder, `Pulumi.${owner}.yaml`)).config);
  const file = files.find((file) => holdsSame(file, values));
  return file ? { issues: file.issues, ...(file.places && { places: file.places }) } : {};
}

/** Whether a file and Pulumi have the same keys and values, but for those whose text is in doubt. */
function holdsSame(file: ConfigValues, given: ConfigValues): boolean {
  const leftOut = [...foreignKeys, ...file.issues.map(({ key }) => key.replace(/\..*$/s, ""))];
  const comparable = ({ texts, encrypted }: ConfigValues) => {
    const known = Object.entries(texts).map(([key, text]): [string, unknown] => [key, parseJson(text)]);
    const all = [...known, ...encrypted.map((key): [string, unknown] => [key, undefined])];
    return new Map(all.filter(([key]) => !leftOut.includes(key)));
  };
  return isDeepStrictEqual(comparable(file), comparable(given));
}
