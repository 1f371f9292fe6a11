import { z } from "zod";
import { readersOf } from "../catalog/readers";
import { type Variable, type VariableType, variableNamed, variables } from "../catalog/variables";
import { fileWorkloads } from "./fileWorkloads";
import type { Stack } from "./parse";
import { placeholders, stackFileSchema } from "./schema";

/** The stacks whose values the document shows. */
export interface DocumentedStacks {
  readonly prod: Stack;
  readonly staging: Stack;
}

/** What is needed of the JSON Schema of a stack file. */
interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly propertyNames?: Schema;
}

/** A key of a stack file; where a map has names of one's own, `<name>` stands in its path for each. */
export interface Key {
  readonly path: string;
  readonly schema: Schema;
  readonly isNeeded: boolean;
}

/** What stands before and after the generated part of the document; the rest of it is written by hand. */
const marks = {
  start: "<!-- Made by make generate, to the end mark. -->",
  end: "<!-- The end of what make generate makes. -->",
};

/** Returns a text of docs/configuration.md with its tables as the schema, the catalog and the stack files have them. */
export function configurationDocument(text: string, stacks: DocumentedStacks): string {
  const [before = "", rest = ""] = text.split(marks.start);
  const [, after = ""] = rest.split(marks.end);
  return [before, marks.start, `\n\n${tables(stacks)}\n`, marks.end, after].join("");
}

function tables(stacks: DocumentedStacks): string {
  const { single, maps, secrets } = topKeys();
  return [
    ...section({ id: "single", title: "Keys without others in them", about: "" }, single),
    ...maps.flatMap((key) => section({ id: key.path, title: key.path, about: aboutMap(key.schema) }, inside(key))),
    ...section(
      {
        id: "secrets",
        title: "Secrets",
        about:
          "Always encrypted, and set by `ds pulumi STACK -- config set --secret KEY`; a value of several lines, or one longer than a " +
          "line of the terminal, from a file: `... KEY < FILE`. A preview, an update and `ds doctor` check each value's form (a token or " +
          "key has no white space; a URL its scheme and host; a PEM is whole) and never show a value. Nothing else may be encrypted, " +
          "as objects show it in the clear.",
      },
      secrets,
    ),
    ...variableSection(stacks),
  ].join("\n");
}

function topKeys() {
  const fileSchema: Schema = JSON.parse(JSON.stringify(z.toJSONSchema(stackFileSchema, { io: "input" })));
  const { properties = {}, required = [] } = fileSchema;
  const keys = Object.entries(properties).map(([path, schema]) => ({
    path,
    schema,
    isNeeded: required.includes(path),
  }));
  return {
    single: keys.filter(({ path, schema }) => schema.type !== "object" && !(path in placeholders)),
    maps: keys.filter(({ path, schema }) => path !== "env" && schema.type === "object" && !(path in placeholders)),
    env: keys.filter(({ path }) => path === "env"),
    secrets: keys.filter(({ path }) => path in placeholders),
  };
}

/** Returns every key that has an anchor of its own in the document. */
export function documentedKeys(): Key[] {
  const { single, maps, env, secrets } = topKeys();
  return [...single, ...maps.flatMap((key) => [key, ...inside(key)]), ...env, ...secrets];
}

function section({ id, title, about }: { id: string; title: string; about: string }, keys: readonly Key[]): string[] {
  const rows = keys.map(({ path, schema, isNeeded }) => {
    const value = schema.default === undefined || schema.type === "object" ? "" : code(schema.default);
    return row(
      `<a id="${anchor(path)}"></a>${code(path)}`,
      plain(typeText(schema)),
      isNeeded && value === "" ? "needed" : value,
      plain(schema.description ?? ""),
    );
  });
  const intro = about === "" ? [] : [about, ""];
  return [
    `## <a id="${anchor(id)}"></a>${title}`,
    "",
    ...intro,
    "| key | what it may be | default | what it is |",
    "|---|---|---|---|",
    ...rows,
    "",
  ];
}

function aboutMap({ description = "", propertyNames }: Schema): string {
  const names = propertyNames ? `Names are ${typeText(propertyNames)}.` : "";
  return [description, names].filter((text) => text !== "").join(" ");
}

/** The keys within a key, each before those within it. Variables of one workload are those of all. */
function inside({ path, schema }: Key): Key[] {
  if (path.endsWith(".env")) {
    return [];
  }
  const { properties = {}, required = [], additionalProperties, items } = schema;
  const children = Object.entries(properties).map(([name, child]) => ({
    path: `${path}.${name}`,
    schema: child,
    isNeeded: required.includes(name),
  }));
  const named =
    typeof additionalProperties === "object"
      ? [{ path: `${path}.<name>`, schema: additionalProperties, isNeeded: false }]
      : [];
  const listed = items?.properties ? inside({ path: `${path}[]`, schema: items, isNeeded: false }) : [];
  return [
    ...children.flatMap((key) => [...(isWorthARow(key) ? [key] : []), ...inside(key)]),
    ...named.flatMap((key) => [...(key.schema.properties ? [] : [key]), ...inside(key)]),
    ...listed,
  ];
}

/** Whether there is more to say of a key than of those within it. */
function isWorthARow({ schema }: Key): boolean {
  return schema.properties === undefined || schema.description !== undefined;
}

/** Returns what a key may be, in Markdown. */
export function typeText({ title, type = "", enum: words, items }: Schema): string {
  if (title !== undefined) {
    return title;
  }
  const texts: Readonly<Record<string, string>> = { boolean: "`true` or `false`", object: "a map", array: "a list" };
  const of = items?.title ? ` of: ${items.title}` : "";
  return words ? `one of ${words.join(", ")}` : `${texts[type] ?? type}${of}`;
}

function variableSection({ prod, staging }: DocumentedStacks): string[] {
  const rows = Object.keys(variables).map((name) => {
    const definition = variableNamed(name);
    if (definition === undefined) {
      return "";
    }
    const { group, does } = definition;
    const readers = group === "pod" ? "each pod its own" : readersOf(group).join(", ");
    const values =
      group === "pod" || "secret" in definition ? ["", ""] : [prod, staging].map((stack) => valueIn(stack, name));
    return row(`<a id="${name}"></a>${code(name)}`, readers, variableText(definition), ...values, does);
  });
  return [
    '## <a id="env"></a>Environment variables',
    "",
    "By the application's own names: under `env` for all workloads that read them, and under the `env` of a service, worker pool, job or `migration` for it alone, in the place of",
    "the value for all. Which pods a change restarts: its readers, and no others ([0025](decisions/0025-share-variables-by-who-reads-them.md)).",
    "",
    "| variable | readers | what it may be | prod | staging | what it is |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
  ];
}

/** The value that a stack gives a variable, and those of the workloads that have their own. */
function valueIn({ file, config }: Stack, name: string): string {
  const common = [...config.datasetsServer.variables.values()]
    .map((group) => group[name])
    .find((value) => value !== undefined);
  const own = fileWorkloads(file).flatMap(({ key, env }) =>
    env[name] === undefined ? [] : [`${key.at(-1)}: ${code(env[name])}`],
  );
  return [...(common === undefined ? ["not set"] : [code(common)]), ...own].join("; ");
}

/** Returns what a variable may be, in Markdown. */
export function variableText(definition: Variable): string {
  if ("secret" in definition) {
    return `the secret [${definition.secret}](#${anchor(definition.secret)})`;
  }
  if ("derivedFrom" in definition) {
    return plain(`derived from ${definition.derivedFrom}`);
  }
  const { type, value, builtIn, required, agreed } = definition;
  const unset = builtIn === undefined ? "" : `; not set by default, which means ${code(builtIn)}`;
  const standard = value === undefined ? unset : `; default ${code(value)}`;
  return [variableType(type), standard, required ? "; needed" : "", agreed ? "; the same for all" : ""].join("");
}

function variableType(type: VariableType): string {
  switch (type.is) {
    case "whole number":
      return `whole number from ${type.least} to ${type.most} (${type.unit})`;
    case "number":
      return `number above 0 and up to ${type.most} (${type.unit})`;
    case "word":
      return `one of ${type.words.join(", ")}`;
    case "switch":
      return "`true` or `false`";
    default:
      return type.is;
  }
}

/** Returns the anchor of a key or variable in the document. */
export function anchor(path: string): string {
  return path.replaceAll(/[^\w.-]/g, "");
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** Text in which no character is Markdown's or HTML's. */
function plain(text: string): string {
  return text.replaceAll("<", "&lt;").replaceAll("*", "\\*");
}

function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}
