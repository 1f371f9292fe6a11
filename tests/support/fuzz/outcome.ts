import { setTimeout as sleep } from "node:timers/promises";
import { type KubernetesObject, plainObjects } from "../../../commands/objects";
import { withoutEngine } from "../../../commands/program";
import { Refusal } from "../../../components/refusal";
import { factsOf } from "../../../components/rules";
import { buildConfig } from "../../../config/build";
import { loadStack, type Stack } from "../../../config/load";
import type { StackFacts } from "../../../policy/inventory";
import { checkObjects, violationText } from "../../../policy/rules";
import { rememberEnvironment } from "../environment";
import { type Base, plantedSecret } from "./bases";

/** How a configuration ends: in objects, or in an error for its user. Anything else is thrown as a Fault. */
export type Outcome =
  | { readonly kind: "accepted"; readonly objects: readonly KubernetesObject[] }
  | { readonly kind: "refused"; readonly message: string };

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
    for (const [name, value] of Object.entries(values.environment)) process.env[name] = String(value);
    const late = sleep(patience, undefined, { signal: timer.signal, ref: false }).then(() => {
      throw new Fault(`no end after ${patience / 1000} s`);
    });
    return await Promise.race([run(base.stack, values.config), late]);
  } finally {
    timer.abort();
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
    restore();
  }
}

async function run(stack: string, config: Base["config"]): Promise<Outcome> {
  await withoutEngine(stack, asTheEngineHandsIt(config), ({ name }) => ({ id: name, state: {} }));
  let loaded: Stack;
  try {
    loaded = loadStack();
  } catch (error) {
    return { kind: "refused", message: checkedRefusal(error) };
  }
  const { datasetsServer } = buildConfig(loaded.identity, loaded.file);
  const objects = plainObjects(datasetsServer);
  checkAccepted(objects, factsOf(datasetsServer));
  return { kind: "accepted", objects };
}

/** A configuration as a program gets it: maps as JSON, encrypted values decrypted, wherever they are, and their keys listed. */
function asTheEngineHandsIt(values: Base["config"]): { config: Record<string, string>; secretKeys: string[] } {
  const entries = Object.entries(values).map(([key, value]) => {
    const decrypted = decrypt(value);
    const isEncrypted = JSON.stringify(decrypted) !== JSON.stringify(value);
    const text = typeof decrypted === "string" ? decrypted : JSON.stringify(decrypted);
    return { key: `datasets-server:${key}`, text, isEncrypted };
  });
  return {
    config: Object.fromEntries(entries.map(({ key, text }) => [key, text])),
    secretKeys: entries.filter(({ isEncrypted }) => isEncrypted).map(({ key }) => key),
  };
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

/** What is true of every configuration that is accepted: the rules pass, nothing is there twice, no secret is shown. */
function checkAccepted(objects: readonly KubernetesObject[], facts: StackFacts): void {
  const ids = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const twice = ids.find((id, index) => ids.indexOf(id) < index);
  if (twice !== undefined) {
    throw new Fault(`${twice} is made twice`);
  }
  // Advice is for its reader to weigh, and stops nobody.
  const [violation, ...more] = checkObjects(objects, facts).filter(({ level }) => level === "mandatory");
  if (violation) {
    throw new Fault(
      `it is accepted, and its objects break a rule (of ${more.length + 1}): ${violationText(violation)}`,
    );
  }
  if (JSON.stringify(objects).includes(plantedSecret)) {
    throw new Fault("it is accepted, and an object shows a secret");
  }
}

/** The text of an error for its user: it names keys, says what is allowed, and shows neither a secret nor a stack trace. */
function checkedRefusal(error: unknown): string {
  if (!(error instanceof Refusal)) {
    throw new Fault(
      `an error that is no refusal: ${error instanceof Error ? `${error.name}: ${error.message}` : error}`,
    );
  }
  const { message, stack } = error;
  const [first = "", ...rest] = message.split("\n");
  const faults = rest.slice(0, -1);
  const wrong = [
    /^the configuration of stack \S+ has \d+ faults?, and nothing was touched:$/.test(first) || "its first line",
    faults.length > 0 || "no fault",
    new Set(faults).size === faults.length || "a fault that it names twice",
    ...faults.map((line) => /^ {2}(datasets-server:|DATASETS_SERVER_).+: .{10,}$/.test(line) || `the fault ${line}`),
    faults.every((line) => line.length < 800) || "a fault that is too long to read",
    !/[\p{Cc}\p{Cs}]/u.test(rest.join("")) || "characters that a terminal obeys",
    !message.includes(plantedSecret) || "a secret in it",
    !stack || "a stack trace",
  ].filter((problem) => problem !== true);
  if (wrong.length > 0) {
    throw new Fault(`a refusal with ${wrong.join(", ").slice(0, 1000)}`);
  }
  return message;
}
