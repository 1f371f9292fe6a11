import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { secretMarker } from "../../../catalog/secrets";
import { type KubernetesObject, plainObjects } from "../../../cli/lib/objects";
import { UserError } from "../../../cluster/userError";
import { type ConfigIssue, configKey, refuse } from "../../../config/issues";
import { type ConfigValues, parse } from "../../../config/parse";
import type { StackFacts } from "../../../policy/inventory";
import { reviewObjects, violationText } from "../../../policy/rules";
import { factsOf } from "../../../safety/rules";
import { rememberEnvironment } from "../environment";
import { type Base, plantedSecret } from "./bases";

/** How a configuration ends: in objects, or in an error for its user. Anything else is thrown as a Fault. */
export type Outcome =
  | { readonly kind: "accepted"; readonly objects: readonly KubernetesObject[] }
  | { readonly kind: "refused"; readonly by: "configuration" | "rule"; readonly message: string };

/** An end that no configuration may have. */
export class Fault extends Error {}

/** Far more than any configuration takes; milliseconds. */
const patience = 20_000;

/** Runs the program's own parts on a configuration, and leaves this process as it was. */
export async function outcomeOf(
  base: Pick<Base, "stack">,
  values: Pick<Base, "config" | "environment">,
): Promise<Outcome> {
  const restore = rememberEnvironment();
  const { prepareStackTrace, stackTraceLimit } = Error;
  // The SDK takes a stack trace of each promise and resource, and mapping it to our source takes longer than all else.
  Error.prepareStackTrace = (error) => String(error);
  Error.stackTraceLimit = 0;
  const timer = new AbortController();
  try {
    const late = sleep(patience, undefined, { signal: timer.signal, ref: false }).then(() => {
      throw new Fault(`no end after ${patience / 1000} s`);
    });
    return await Promise.race([run(base.stack, values), late]);
  } finally {
    timer.abort();
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
    restore();
  }
}

async function run(stack: string, { config, environment }: Pick<Base, "config" | "environment">): Promise<Outcome> {
  const variables = Object.entries(environment).map(([name, value]) => [name, String(value)]);
  const { secrets, ...values } = asPulumiReadsIt(config);
  const parsed = parse(stack, values, {
    variables: Object.fromEntries(variables),
    secret: (key) => pulumi.secret(secrets.get(configKey([key])) ?? secretMarker),
    plainSecret: (key) => secrets.get(configKey([key])),
  });
  if (!parsed.ok) {
    return { kind: "refused", by: "configuration", message: refusalOf(stack, parsed.issues) };
  }
  const { datasetsServer } = parsed.stack.config;
  const objects = plainObjects(datasetsServer);
  const full = checkAccepted(objects, factsOf(datasetsServer));
  return full ? { kind: "refused", by: "rule", message: full } : { kind: "accepted", objects };
}

/** A configuration as Pulumi reads it: maps as JSON, and apart from them what is encrypted, wherever it is, in plain text. */
function asPulumiReadsIt(values: Base["config"]): ConfigValues & { readonly secrets: ReadonlyMap<string, string> } {
  const entries = Object.entries(values).map(([key, value]) => {
    const decrypted = decrypt(value);
    const isEncrypted = JSON.stringify(decrypted) !== JSON.stringify(value);
    const text = typeof decrypted === "string" ? decrypted : JSON.stringify(decrypted);
    return { key: `datasets-server:${key}`, text, isEncrypted };
  });
  const secrets = new Map(entries.filter(({ isEncrypted }) => isEncrypted).map(({ key, text }) => [key, text]));
  const texts = entries.filter(({ isEncrypted }) => !isEncrypted).map(({ key, text }) => [key, text]);
  return { texts: Object.fromEntries(texts), encrypted: [...secrets.keys()], issues: [], secrets };
}

function decrypt(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(decrypt);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const [[key, inner] = [], ...others] = Object.entries(value);
  const isEncrypted = key === "secure" && others.length === 0 && typeof inner === "string";
  return isEncrypted ? inner : Object.fromEntries(Object.entries(value).map(([name, item]) => [name, decrypt(item)]));
}

/**
 * What is true of every configuration that is accepted: the rules pass, nothing is there twice, no secret is shown.
 *
 * Returns what a rule says of a quota that is too small: it names the quota, which has one place in a stack file.
 */
function checkAccepted(objects: readonly KubernetesObject[], facts: StackFacts): string | undefined {
  const ids = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const twice = ids.find((id, index) => ids.indexOf(id) < index);
  if (twice !== undefined) {
    throw new Fault(`${twice} is made twice`);
  }
  // Advice is for its reader to weigh, and stops nobody.
  const [violation, ...more] = reviewObjects(objects, facts).violations.filter(({ level }) => level === "mandatory");
  if (violation?.rule === "quotas-hold-rollouts") {
    return violationText(violation);
  }
  if (violation) {
    throw new Fault(
      `it is accepted, and its objects break a rule (of ${more.length + 1}): ${violationText(violation)}`,
    );
  }
  if (JSON.stringify(objects).includes(plantedSecret)) {
    throw new Fault("it is accepted, and an object shows a secret");
  }
  return undefined;
}

function refusalOf(stack: string, issues: readonly ConfigIssue[]): string {
  try {
    return refuse(stack, issues);
  } catch (error) {
    return checked(error instanceof UserError ? error : assert.fail("it is refused by another error"));
  }
}

/** The text of an error for its user: it names keys, says what is allowed, and shows no secret. */
function checked({ message, next = "" }: UserError): string {
  const [first = "", ...issues] = message.split("\n");
  const wrong = [
    /^the configuration of stack \S+ has \d+ issues?; no changes were made:$/.test(first) || "its first line",
    issues.length > 0 || "no issue",
    new Set(issues).size === issues.length || "an issue that it names twice",
    ...issues.map((line) => /^ {2}(datasets-server:|DATASETS_SERVER_).+: .{10,}$/.test(line) || `the issue ${line}`),
    issues.every((line) => line.length < 800) || "an issue that is too long to read",
    !/[\p{Cc}\p{Cs}]/u.test(issues.join("")) || "characters that a terminal obeys",
    !message.includes(plantedSecret) || "a secret in it",
    next.includes("docs/configuration.md") || "no next step",
  ].filter((problem) => problem !== true);
  if (wrong.length > 0) {
    throw new Fault(`a refusal with ${wrong.join(", ").slice(0, 1000)}`);
  }
  return message;
}
