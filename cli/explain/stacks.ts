import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { secretMarker } from "../../catalog/secrets";
import type { PlainObject } from "../../components/objects";
import { environmentOf } from "../../config/environment";
import { child, configKey, refuse } from "../../config/issues";
import { type ConfigValues, type Parsed, parse, parseJson, placeOf, type Stack } from "../../config/parse";
import { parameterVariables } from "../../config/pullRequest";
import { readStackFile } from "../../config/stackFile";
import { type Inventory, takeInventory } from "../../policy/inventory";
import { factsOf } from "../../safety/rules";
import { plainObjects } from "../lib/objects";

/** The tag of an environment's images, of which each has its own. */
const ownTag = "sha-0000000";

const variables = parameterVariables({ imageTag: ownTag });

/** The stacks that are explained, by what they are called there: one environment stands for all. */
const stacks = { prod: "prod", ephemeral: "ephemeral", local: "local", "pr-N": "pr-7" } as const;

/** A stack with all that explains its values. */
export interface ExplainedStack extends Stack {
  readonly title: string;
  readonly values: ConfigValues;
  /** The values that count: a PR environment has some of its own. */
  readonly effective: object;
  readonly objects: readonly PlainObject[];
  /** The same objects by kind, with the pods that each makes. */
  readonly inventory: Inventory;
}

/** Reads the stacks that are explained; `fileOf` tells the file of each. */
export function readStacks(fileOf: (stack: string) => string): ExplainedStack[] {
  return Object.entries(stacks).map(([title, name]) => {
    const values = readStackFile(fileOf(name)).config;
    const parsed = parseValues(name, values);
    if (!parsed.ok) return refuse(name, parsed.issues);
    const { file, config } = parsed.stack;
    const objects = plainObjects(config.datasetsServer);
    const inventory = takeInventory(objects, factsOf(config.datasetsServer));
    const effective = { ...file, ...ownValues(parsed.stack) };
    return { ...parsed.stack, title, values, effective, objects, inventory };
  });
}

/** What a PR environment has in the place of what the file specifies, by the keys of the file. */
function ownValues({ identity, file }: Stack): object {
  const environment = environmentOf(identity, file, variables);
  if (environment === undefined) return {};
  const { namespace, endpoints, ...parts } = environment.parts;
  const { firstOrder: _, ...endpoint } = endpoints.public;
  return { ...parts, namespace: { create: namespace.create }, ingress: { public: endpoint }, env: environment.env };
}

function parseValues(stack: string, values: ConfigValues): Parsed {
  const secret = () => pulumi.secret(secretMarker);
  return parse(stack, values, { variables, secret, plainSecret: () => undefined });
}

/** Returns the value that a stack has under a key; undefined where it has none. */
export function valueAt({ effective }: ExplainedStack, path: readonly string[]): unknown {
  return path.reduce<unknown>(child, effective);
}

/** Returns a value as text; what differs from environment to environment, by what stands for it. */
export function valueText(value: unknown): string {
  if (value === undefined) return "not set";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === ownTag ? "its own image" : text.replaceAll(stacks["pr-N"], "pr-N");
}

/** Says where a stack's value of a key comes from: file and line, or what else it follows from. */
export function sourceOf(stack: ExplainedStack, path: readonly string[]): string {
  const value = valueAt(stack, path);
  const ofFile = path.reduce<unknown>(child, stack.file);
  if (!isDeepStrictEqual(value, ofFile)) return "derived for PR environments";
  if (value === undefined) return "";
  return given(stack.values, path) === undefined ? "default" : placeInFile(stack, path);
}

/** Returns file and line of a key; empty where the file has none. */
export function placeInFile({ values }: ExplainedStack, path: readonly string[]): string {
  return placeOf(configKey(path), values.places)?.replace(/:\d+$/, "") ?? "";
}

/**
 * Builds the objects of a stack with other values under a key, as far as the key may have them.
 *
 * @param examples values that the key may have, for where the file says nothing
 */
export function* otherObjects(
  { values, identity, file }: ExplainedStack,
  path: readonly string[],
  examples: readonly unknown[],
): Generator<PlainObject[]> {
  const [top = "", ...inner] = path;
  const key = configKey([top]);
  const current = given(values, path) ?? path.reduce<unknown>(child, file);
  const whole = parseJson(values.texts[key] ?? "{}");
  for (const value of [...[current, ...examples].flatMap(similar), ...examples, true, 1, "another"]) {
    const changed = withValue(whole, inner, value);
    const text = typeof changed === "string" ? changed : JSON.stringify(changed);
    const parsed = parseValues(identity.stack, { ...values, texts: { ...values.texts, [key]: text } });
    if (parsed.ok) yield plainObjects(parsed.stack.config.datasetsServer);
  }
}

/** The value that the file itself has under a key. */
function given({ texts }: ConfigValues, [top = "", ...inner]: readonly string[]): unknown {
  const text = texts[configKey([top])];
  return text === undefined ? undefined : inner.reduce<unknown>(child, parseJson(text));
}

/** Values of the same kind as another one. */
function similar(value: unknown): unknown[] {
  switch (typeof value) {
    case "number":
      return [value + 1, value - 1];
    case "boolean":
      return [!value];
    case "string": {
      const by = (step: number) => value.replace(/\d+/, (digits) => String(Number(digits) + step));
      return [by(1), by(-1), `${value}0`, `${value}x`];
    }
    default:
      return Array.isArray(value) ? [[...value, ...value.flatMap(similar).slice(0, 1)]] : [];
  }
}

function withValue(parent: unknown, [key, ...inner]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const changed = withValue(child(parent, key), inner, value);
  return Array.isArray(parent) ? parent.with(Number(key), changed) : { ...Object(parent), [key]: changed };
}
